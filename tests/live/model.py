"""A model that says what it is told to, in the streaming protocol that OpenAI's chat completions have."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TITLE = "A short title"


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the model: its thoughts, its words, and the tools that it wants called, with their arguments."""

    thoughts: str = ""
    words: str = ""
    tools: tuple[tuple[str, dict[str, Any]], ...] = ()


@dataclass(slots=True)
class Script:
    """The turns, one a request after the user spoke; requests for a title are answered apart."""

    turns: tuple[Turn, ...]
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def turn(self, request: dict[str, Any]) -> Turn:
        """The answer to a request, told by how often the model has spoken since the user did."""
        self.requests.append(request)
        messages = request["messages"]
        if any(m["role"] == "system" and "title" in json.dumps(m["content"]).lower()[:400] for m in messages):
            return Turn(words=TITLE)
        last = max(index for index, message in enumerate(messages) if message["role"] == "user")
        spoken = sum(message["role"] == "assistant" for message in messages[last:])
        return self.turns[min(spoken, len(self.turns) - 1)]


def configuration(url: str) -> str:
    """The project's `opencode.json` that makes this model the only one."""
    model = {"name": "Scripted", "tool_call": True, "reasoning": True, "limit": {"context": 100000, "output": 8000}}
    options = {"baseURL": f"{url}/v1", "apiKey": "none"}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Scripted",
        "options": options,
        "models": {"scripted": model},
    }
    return json.dumps(
        {
            "$schema": "https://opencode.ai/config.json",
            "model": "scripted/scripted",
            "small_model": "scripted/scripted",
            "enabled_providers": ["scripted"],
            "provider": {"scripted": provider},
        }
    )


@contextlib.contextmanager
def speaking(script: Script) -> Iterator[str]:
    """The model's address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Speaker) as listening:
        listening.daemon_threads = True
        _Speaker.script = script
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}"
        finally:
            listening.shutdown()


class _Speaker(BaseHTTPRequestHandler):
    script: Script

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        turn = self.script.turn(request)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for chunk in _chunks(turn, len(self.script.requests)):
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None: ...


def _chunks(turn: Turn, number: int) -> Iterator[dict[str, Any]]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {**head, "choices": [choice]}

    head = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": 1767225600, "model": "scripted"}
    yield chunk({"role": "assistant", "content": ""})
    for word in turn.thoughts.split():
        yield chunk({"reasoning_content": f"{word} "})
    for word in turn.words.split():
        yield chunk({"content": f"{word} "})
    for index, (name, arguments) in enumerate(turn.tools):
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"index": index, "id": f"call_{number}_{index}", "type": "function", "function": function}
        yield chunk({"tool_calls": [call]})
    yield chunk({}, "tool_calls" if turn.tools else "stop")
    yield {**head, "choices": [], "usage": {"prompt_tokens": 1200, "completion_tokens": 40, "total_tokens": 1240}}
