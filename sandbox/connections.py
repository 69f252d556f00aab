"""Connections that can be cut without an answer, which an ASGI application by itself cannot do."""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol


class CuttableProtocol(H11Protocol):
    """HTTP as the server speaks it; keeps the transport of every open connection by the client's address."""

    transports: ClassVar[dict[tuple[str, int], asyncio.Transport]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None:
            self.transports[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            self.transports.pop(self.client, None)
        super().connection_lost(exc)


def cut(client: tuple[str, int]) -> None:
    """Close the connection from this address; the client sees an end where its answer should begin."""
    transport = CuttableProtocol.transports.get(client)
    if transport is not None:
        transport.close()
