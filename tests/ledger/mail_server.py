"""A mail server that really speaks SMTP on a port, and answers as a test wishes."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps what it was given. `answers`: what to say instead of 250 to a command, each once, e.g. {"RCPT": [550]}."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.received: list[EmailMessage] = []
        self.answers: dict[str, list[int]] = {}

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def answer_to(self, command: str) -> int:
        waiting = self.answers.get(command, [])
        return waiting.pop(0) if waiting else 250


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say(220)
        for raw in self.rfile:
            command = raw[:4].decode().strip().upper()
            if command == "QUIT":
                return self._say(221)
            code = self.server.answer_to(command)
            if code == 0:
                return None  # hangs up in the middle
            if command == "DATA" and code == 250:
                self._take()
            else:
                self._say(code)
        return None

    def _take(self) -> None:
        self._say(354)
        lines = []
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            lines.append(raw)
        code = self.server.answer_to("END")
        if code == 250:
            self.server.received.append(message_from_bytes(b"".join(lines), policy=policy.default))
        self._say(code)

    def _say(self, code: int) -> None:
        self.wfile.write(f"{code} test\r\n".encode())


@contextmanager
def mail_server(made: MailServer | None = None) -> Iterator[MailServer]:
    """The server on a free port of this machine, for as long as the block runs."""
    with made or MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
