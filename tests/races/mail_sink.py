"""A mail server that delivers nothing and remembers what it was given, and can stop answering in the middle."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from itertools import takewhile
from threading import Event, Lock, Thread


class MailSink(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as smtplib asks for."""

    daemon_threads = True
    request_queue_size = 50

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.message_ids: list[str] = []
        self._lock = Lock()
        self._answers: int | None = None
        self._released = Event()

    @property
    def url(self) -> str:
        """Its address as EMAIL_URL has it."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def hang_after(self, mails: int) -> None:
        """Take every later mail and leave its sender without an answer, until released."""
        self._answers = mails

    def release(self) -> None:
        """Answer again."""
        self._answers = None
        self._released.set()

    def take(self, mail: bytes) -> None:
        """Remember a mail; returns when its sender shall have the answer."""
        with self._lock:
            self.message_ids.append(message_from_bytes(mail)["Message-ID"])
            hangs = self._answers is not None and len(self.message_ids) > self._answers
        if hangs:
            self._released.wait()


class _Conversation(socketserver.StreamRequestHandler):
    server: MailSink

    def handle(self) -> None:
        with suppress(ConnectionError):  # nobody minds that a sender was killed
            self._converse()

    def _converse(self) -> None:
        self._say("220 sink")
        for line in self.rfile:
            match line[:4].upper():
                case b"DATA":
                    self._say("354 end with a dot")
                    self.server.take(b"".join(takewhile(lambda part: part != b".\r\n", self.rfile)))
                    self._say("250 taken")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 fine")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    """A listening mail server."""
    with MailSink() as sink:
        Thread(target=sink.serve_forever, daemon=True).start()
        try:
            yield sink
        finally:
            sink.release()
            sink.shutdown()
