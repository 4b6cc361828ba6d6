"""A small API with one method of each kind, and a client for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc

from wirelock.build import Build
from wirelock.ir import Method
from wirelock.loader import LoadedArtifacts

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


def build_method(request: str, response: str, http: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    declared = {"request": f"{request}.schema.json", "response": f"{response}.schema.json", **more}
    return (
        declared if http is None else {**declared, "http": http, "responses": {**ERRORS, **more.get("responses", {})}}
    )


METHODS = {
    "Get": build_method("named", "thing", {"get": "/things/{id}"}),
    "Find": build_method(
        "find",
        "things",
        {"get": "/things", "response_body": "things"},
        **{"in": {"limit": "query", "words": "query", "X-Trace": "header"}},
    ),
    "Make": build_method("make", "thing", {"post": "/things", "body": "*"}, responses={"201": "thing.schema.json"}),
    "Change": build_method("change", "thing", {"patch": "/things/{id}", "body": "body"}),
    "Remove": build_method(
        "named", "nothing", {"delete": "/things/{id}"}, responses={"200": {"const": True}, "204": None}
    ),
    "RemovePart": build_method("named", "nothing", {"delete": "/things/{id}/part"}, responses={"204": None}),
    "Place": build_method("place", "nothing", state={"key": "id", "value": "place", "header": "x-place"}),
    "Read": build_method("file", "content", {"get": "/files/{path=**}"}, responses={"200": {"text": True}}),
    "Count": build_method("nothing", "count", {"get": "/count"}),
    "Watch": build_method("nothing", "event", {"get": "/events"}, stream="sse"),
}


def write_project(root: Path) -> None:
    """Write the schemas and the service of the project."""
    folder = root / "schemas/things"
    folder.mkdir(parents=True)
    for name, schema in SCHEMAS.items():
        (folder / f"{name}.schema.json").write_text(json.dumps(schema))
    (folder / "things.service.json").write_text(json.dumps({"service": "Things", "methods": METHODS}))


def get_details(error: grpc.RpcError) -> str:
    """Return the details of an error; fails if it has none."""
    details = error.details()
    assert details is not None
    return details


class ThingsClient:
    """A client that converts between JSON and protobuf."""

    def __init__(
        self, address: str, build: Build, loaded: LoadedArtifacts, credentials: grpc.ChannelCredentials | None = None
    ) -> None:
        secure = credentials is not None
        self.channel = grpc.secure_channel(address, credentials) if secure else grpc.insecure_channel(address)
        self._methods = {method.name: method for service in build.graph.services for method in service.methods}
        self._loaded = loaded
        self._prefix = f"/{build.proto.files[0].package}.Things/"

    def call(self, name: str, request: Any = None, timeout: float = 10, **metadata: str) -> Any:
        """Call a unary method and return its response; raises grpc.RpcError."""
        method = self._methods[name]
        unary: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self.channel.unary_unary(self._prefix + name)
        return self._decode(
            method, unary(self.encode(name, request), timeout=timeout, metadata=tuple(metadata.items()))
        )

    def stream(self, name: str, request: Any = None, timeout: float = 10) -> Any:
        """Call a streaming method; its messages are bytes."""
        stream: grpc.UnaryStreamMultiCallable[bytes, bytes] = self.channel.unary_stream(self._prefix + name)
        return stream(self.encode(name, request), timeout=timeout)

    def future(self, name: str, request: Any = None) -> Any:
        """Start a call of a unary method."""
        unary: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self.channel.unary_unary(self._prefix + name)
        return unary.future(self.encode(name, request), timeout=60)

    def encode(self, name: str, request: Any) -> bytes:
        """Encode a request as protobuf."""
        codec = self._loaded.get_contract(self._methods[name].request).codec
        assert codec is not None
        return codec.encode(json.dumps({} if request is None else request))

    def _decode(self, method: Method, message: bytes) -> Any:
        codec = self._loaded.get_contract(method.response).codec
        assert codec is not None
        return json.loads(codec.decode(message))

    def decode(self, name: str, message: bytes) -> Any:
        """Decode a response to JSON."""
        return self._decode(self._methods[name], message)
