"""A small API with one method of each kind, and how a test calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc

from wirelock.build import Build
from wirelock.ir import Method
from wirelock.loader import Loaded

TEXT: dict[str, Any] = {"type": "string"}
THING: dict[str, Any] = {
    "type": "object",
    "required": ["id", "size"],
    "properties": {
        "id": TEXT,
        "size": {"type": "integer", "minimum": 0},
        "kind": {"enum": ["round", "square"]},
        "serial": {"type": "integer"},
    },
}
NAMED = {"type": "object", "required": ["id"], "properties": {"id": TEXT}}
SCHEMAS: dict[str, Any] = {
    "thing": THING,
    "things": {
        "type": "object",
        "required": ["things"],
        "properties": {"things": {"type": "array", "items": {"$ref": "thing.schema.json"}}},
    },
    "named": NAMED,
    "find": {
        "type": "object",
        "properties": {
            "limit": {"type": "integer"},
            "words": {"type": "array", "items": TEXT},
            "X-Trace": TEXT,
        },
    },
    "make": {
        "type": "object",
        "required": ["size"],
        "properties": {"size": {"type": "integer"}, "kind": {"enum": ["round", "square"]}},
    },
    "change": {
        "type": "object",
        "required": ["id"],
        "properties": {"id": TEXT, "body": {"type": "object", "properties": {"size": {"type": "integer"}}}},
    },
    "place": {"type": "object", "required": ["id", "place"], "properties": {"id": TEXT, "place": TEXT}},
    "file": {"type": "object", "required": ["path"], "properties": {"path": TEXT}},
    "content": {"type": "object", "required": ["text"], "properties": {"text": TEXT}},
    "nothing": {"type": "object", "additionalProperties": False, "properties": {}},
    "count": {"type": "integer"},
    "event": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "text": TEXT}},
    "error": {"type": "object", "required": ["message"], "properties": {"message": TEXT}},
}
ERRORS = {"401": None, "404": "error.schema.json", "500": "error.schema.json"}


def _method(request: str, response: str, http: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    stated = {"request": f"{request}.schema.json", "response": f"{response}.schema.json", **more}
    return stated if http is None else {**stated, "http": http, "responses": {**ERRORS, **more.get("responses", {})}}


METHODS = {
    "Get": _method("named", "thing", {"get": "/things/{id}"}),
    "Find": _method(
        "find",
        "things",
        {"get": "/things", "response_body": "things"},
        **{"in": {"limit": "query", "words": "query", "X-Trace": "header"}},
    ),
    "Make": _method("make", "thing", {"post": "/things", "body": "*"}, responses={"201": "thing.schema.json"}),
    "Change": _method("change", "thing", {"patch": "/things/{id}", "body": "body"}),
    "Remove": _method("named", "nothing", {"delete": "/things/{id}"}, responses={"200": {"const": True}, "204": None}),
    "RemovePart": _method("named", "nothing", {"delete": "/things/{id}/part"}, responses={"204": None}),
    "Place": _method("place", "nothing", state={"key": "id", "value": "place", "header": "x-place"}),
    "Read": _method("file", "content", {"get": "/files/{path=**}"}, responses={"200": {"text": True}}),
    "Count": _method("nothing", "count", {"get": "/count"}),
    "Watch": _method("nothing", "event", {"get": "/events"}, stream="sse"),
}


def write(root: Path) -> None:
    """Write the project's schemas and its service."""
    folder = root / "schemas/things"
    folder.mkdir(parents=True)
    for name, schema in SCHEMAS.items():
        (folder / f"{name}.schema.json").write_text(json.dumps(schema))
    (folder / "things.service.json").write_text(json.dumps({"service": "Things", "methods": METHODS}))


class Client:
    """Calls the API in JSON."""

    def __init__(
        self, address: str, build: Build, loaded: Loaded, credentials: grpc.ChannelCredentials | None = None
    ) -> None:
        secure = credentials is not None
        self.channel = grpc.secure_channel(address, credentials) if secure else grpc.insecure_channel(address)
        self._methods = {method.name: method for service in build.graph.services for method in service.methods}
        self._loaded = loaded
        self._prefix = f"/{build.proto.files[0].package}.Things/"

    def ask(self, name: str, request: Any = None, timeout: float = 10, **metadata: str) -> Any:
        """The answer of a unary method; raises grpc.RpcError."""
        method = self._methods[name]
        call = self.channel.unary_unary(self._prefix + name)
        return self._read(method, call(self.wire(name, request), timeout=timeout, metadata=tuple(metadata.items())))

    def stream(self, name: str, request: Any = None, timeout: float = 10) -> Any:
        """The call of a streaming method, its answers in protobuf."""
        return self.channel.unary_stream(self._prefix + name)(self.wire(name, request), timeout=timeout)

    def future(self, name: str, request: Any = None) -> Any:
        """The running call of a unary method."""
        return self.channel.unary_unary(self._prefix + name).future(self.wire(name, request), timeout=60)

    def wire(self, name: str, request: Any) -> bytes:
        """A request in protobuf."""
        codec = self._loaded.contract(self._methods[name].request).codec
        assert codec is not None
        return codec.encode(json.dumps({} if request is None else request))

    def _read(self, method: Method, answer: bytes) -> Any:
        codec = self._loaded.contract(method.response).codec
        assert codec is not None
        return json.loads(codec.decode(answer))

    def read(self, name: str, answer: bytes) -> Any:
        """An answer in JSON."""
        return self._read(self._methods[name], answer)
