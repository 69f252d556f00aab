"""Another PostgreSQL beside the one that the tests use, with roles of the same names: to restore on, or to kill."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.embedded.conftest import Held, open_folder


@dataclass(frozen=True)
class Server:
    """Where it is, and as whom it can be used; its roles have other passwords than on the first one."""

    owner: str
    runtime: str
    superuser: dict[str, str]

    @classmethod
    def of(cls, held: Held) -> "Server":
        owner = held.environment["DATABASE_OWNER_URL"]
        superuser = {
            "PGHOST": urlsplit(owner).hostname or "",
            "PGPORT": str(urlsplit(owner).port),
            "PGUSER": "postgres",
            "PGPASSWORD": held.secrets()["postgres_password"],
        }
        return cls(owner, held.environment["DATABASE_URL"], superuser)

    def addresses(self, name: str) -> dict[str, dict[str, object]]:
        """How Django reaches a database of it."""
        found = {}
        for alias, url in (("owner", urlsplit(self.owner)), ("default", urlsplit(self.runtime))):
            found[alias] = {
                "HOST": url.hostname,
                "PORT": url.port,
                "USER": url.username,
                "PASSWORD": url.password,
                "NAME": name,
            }
        return found

    def owner_url(self, name: str) -> str:
        """A database of it, as its owner."""
        return urlsplit(self.owner)._replace(path=f"/{name}").geturl()

    def runtime_url(self, name: str) -> str:
        """The same as the runtime role."""
        return urlsplit(self.runtime)._replace(path=f"/{name}").geturl()


@contextmanager
def another_server() -> Iterator[Server]:
    """A new one, which nobody else knows."""
    with open_folder() as folder:
        held = Held(folder / "state", "--throw-away")
        try:
            yield Server.of(held)
        finally:
            held.stop()
