"""A small server on loopback that acts as OpenCode's sessions do, or as badly as a test wants."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[["Actor"], bool]
"""Answers a request in another way than usual; False leaves it to the usual one."""
PAGE = b"<!doctype html><title>OpenCode</title>"


class Stage(ThreadingHTTPServer):
    """The server: its sessions, what it was asked (`GET /session`), and how it acts."""

    daemon_threads = True

    def __init__(self, act: Act) -> None:
        super().__init__(("127.0.0.1", 0), Actor)
        self.act = act
        self.sessions: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None: ...


class Actor(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Stage

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def do_GET(self) -> None:
        self.sent = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.headers.append(dict(self.headers))
        if not self.server.act(self):
            self._usual()

    def do_POST(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def _usual(self) -> None:
        known, key = self.server.sessions, self.path.removeprefix("/session/")
        if self.path == "/session" and self.command == "POST":
            now = int(time.time() * 1000)
            made = {"id": f"ses_{len(known) + 1}", "title": json.loads(self.sent)["title"], "directory": "/work"}
            known[made["id"]] = {
                **made,
                "projectID": "global",
                "version": "1.1.11",
                "time": {"created": now, "updated": now},
            }
            self.answer(known[made["id"]])
        elif self.path == "/session":
            self.answer(list(known.values()))
        elif key not in known:
            self.answer({"name": "NotFoundError", "data": {"message": key}}, 404)
        elif self.command == "DELETE":
            del known[key]
            self.answer(True)
        else:
            known[key] |= json.loads(self.sent or b"{}")
            self.answer(known[key])

    def answer(self, value: Any, status: int = 200) -> None:
        """Send a JSON value."""
        self.send(json.dumps(value).encode(), "application/json", status)

    def send(self, text: bytes, media_type: str, status: int = 200, **headers: str) -> None:
        """Send a body."""
        self.send_response(status)
        for name, value in {"content-type": media_type, "content-length": str(len(text)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(text)

    def stream(self, *pieces: bytes, hold: float = 0) -> None:
        """Send an event stream piece by piece, then leave it open for so many seconds before it ends."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
        time.sleep(hold)

    def reset(self) -> None:
        """Break the connection off."""
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None: ...


def usual(actor: Actor) -> bool:
    """Nothing out of the ordinary."""
    return False


@contextlib.contextmanager
def staged(act: Act = usual) -> Iterator[Stage]:
    """A server that acts so."""
    with Stage(act) as stage:
        threading.Thread(target=stage.serve_forever, daemon=True).start()
        try:
            yield stage
        finally:
            stage.shutdown()
