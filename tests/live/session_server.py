"""A local HTTP server that behaves like the sessions of OpenCode, or as wrongly as a test requires."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behavior = Callable[["SessionRequest"], bool]
"""A handler for unusual responses; it returns False to leave a request to the usual handler."""
HTML_PAGE = b"<!doctype html><title>OpenCode</title>"


class SessionServer(ThreadingHTTPServer):
    """The server with its sessions and the requests that it received, such as `GET /session`."""

    daemon_threads = True

    def __init__(self, behavior: Behavior) -> None:
        super().__init__(("127.0.0.1", 0), SessionRequest)
        self.behavior = behavior
        self.sessions: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """The URL of the server."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None: ...


class SessionRequest(BaseHTTPRequestHandler):
    """A handler for the requests of one connection."""

    protocol_version = "HTTP/1.1"
    server: SessionServer

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def do_GET(self) -> None:
        self.sent = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.requests.append(f"{self.command} {self.path}")
        self.server.headers.append(dict(self.headers))
        if not self.server.behavior(self):
            self.respond_as_usual()

    def do_POST(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def respond_as_usual(self) -> None:
        sessions, key = self.server.sessions, self.path.removeprefix("/session/")
        if self.path == "/session" and self.command == "POST":
            now = int(time.time() * 1000)
            session = {"id": f"ses_{len(sessions) + 1}", "title": json.loads(self.sent)["title"], "directory": "/work"}
            sessions[session["id"]] = {
                **session,
                "projectID": "global",
                "version": "1.1.11",
                "time": {"created": now, "updated": now},
            }
            self.send_json(sessions[session["id"]])
        elif self.path == "/session":
            self.send_json(list(sessions.values()))
        elif key not in sessions:
            self.send_json({"name": "NotFoundError", "data": {"message": key}}, 404)
        elif self.command == "DELETE":
            del sessions[key]
            self.send_json(True)
        else:
            sessions[key] |= json.loads(self.sent or b"{}")
            self.send_json(sessions[key])

    def send_json(self, value: Any, status: int = 200) -> None:
        """Send a JSON value."""
        self.send(json.dumps(value).encode(), "application/json", status)

    def send(self, text: bytes, media_type: str, status: int = 200, **headers: str) -> None:
        """Send a body."""
        self.send_response(status)
        for name, value in {"content-type": media_type, "content-length": str(len(text)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(text)

    def send_stream(self, *pieces: bytes, hold: float = 0) -> None:
        """Send an event stream piece by piece, and end it after `hold` seconds."""
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
        """Close the connection without a response."""
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None: ...


def behave_as_usual(request: SessionRequest) -> bool:
    """Leave every request to the usual handler."""
    return False


@contextlib.contextmanager
def run_session_server(behavior: Behavior = behave_as_usual) -> Iterator[SessionServer]:
    """Run a server with some behavior."""
    with SessionServer(behavior) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
