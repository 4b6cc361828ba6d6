"""A scripted language model that streams chat completions in the protocol of OpenAI."""

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
class ModelTurn:
    """One turn of the model: its reasoning, its text, and its tool calls with their arguments."""

    reasoning: str = ""
    text: str = ""
    tools: tuple[tuple[str, dict[str, Any]], ...] = ()


@dataclass(slots=True)
class ModelScript:
    """The turns after a user message, one per request; requests for a title get TITLE instead."""

    turns: tuple[ModelTurn, ...]
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def choose_turn(self, request: dict[str, Any]) -> ModelTurn:
        """Return the turn for a request, by the number of turns since the last user message."""
        self.requests.append(request)
        messages = request["messages"]
        if any(m["role"] == "system" and "title" in json.dumps(m["content"]).lower()[:400] for m in messages):
            return ModelTurn(text=TITLE)
        last = max(index for index, message in enumerate(messages) if message["role"] == "user")
        count = sum(message["role"] == "assistant" for message in messages[last:])
        return self.turns[min(count, len(self.turns) - 1)]


def build_configuration(url: str) -> str:
    """Return an `opencode.json` with this model as the only one."""
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
def run_model(script: ModelScript) -> Iterator[str]:
    """Run the model; yield its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _ModelHandler) as listening:
        listening.daemon_threads = True
        _ModelHandler.script = script
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}"
        finally:
            listening.shutdown()


class _ModelHandler(BaseHTTPRequestHandler):
    script: ModelScript

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        turn = self.script.choose_turn(request)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for chunk in _build_chunks(turn, len(self.script.requests)):
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None: ...


def _build_chunks(turn: ModelTurn, number: int) -> Iterator[dict[str, Any]]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {**head, "choices": [choice]}

    head = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": 1767225600, "model": "scripted"}
    yield chunk({"role": "assistant", "content": ""})
    for word in turn.reasoning.split():
        yield chunk({"reasoning_content": f"{word} "})
    for word in turn.text.split():
        yield chunk({"content": f"{word} "})
    for index, (name, arguments) in enumerate(turn.tools):
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"index": index, "id": f"call_{number}_{index}", "type": "function", "function": function}
        yield chunk({"tool_calls": [call]})
    yield chunk({}, "tool_calls" if turn.tools else "stop")
    yield {**head, "choices": [], "usage": {"prompt_tokens": 1200, "completion_tokens": 40, "total_tokens": 1240}}
