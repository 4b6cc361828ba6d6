"""Another opinion on a recorded exchange: python-jsonschema over the OpenAPI document as it stands.

Nothing here is wirelock's: neither how an operation is found, nor which schema applies, nor who judges.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

EVENTS = "text/event-stream"
_PARAMETER = re.compile(r"\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Place:
    """A value in the document, and the JSON Pointer to it."""

    value: Any
    pointer: str

    def get(self, *names: str) -> Place | None:
        """What is below, None if it is not there."""
        value, pointer = self.value, self.pointer
        for name in names:
            if name not in value:
                return None
            value, pointer = value[name], f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        return Place(value, pointer)

    def items(self, name: str) -> list[Place]:
        """The items of a list below, none if it is not there."""
        return [Place(item, f"{self.pointer}/{name}/{i}") for i, item in enumerate(self.value.get(name, ()))]


class Independent:
    """Judges the entries of HAR files by one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._root = Place(document, "")
        self._registry: Registry[Any] = Registry().with_resource("urn:document", DRAFT202012.create_resource(document))
        self._validator = cache(self._made)
        templates = sorted(document["paths"], key=lambda path: [part.startswith("{") for part in path.split("/")])
        self._paths = [(path, re.compile(_expression(path))) for path in templates]

    def outcome(self, entry: dict[str, Any]) -> str:
        """How an entry of a HAR counts, in the words of a report."""
        found = self._operation(entry["request"])
        if found is None:
            return "unmatched"
        item, operation, path = found
        answered = self._answer(entry["response"], operation)
        if answered == "conforming" and entry["response"]["status"] < 400:
            return "conforming" if self._is_asked(entry["request"], item, operation, path) else "violating"
        return answered

    # responses

    def _answer(self, response: dict[str, Any], operation: Place) -> str:
        stated = operation.get("responses", str(response["status"])) or operation.get("responses", "default")
        if stated is None:
            return "undocumented_status"
        content = {_plain(name): stated.get("content", name, "schema") for name in stated.value.get("content", {})}
        media_type, body = _plain(response["content"].get("mimeType", "")), _text(response["content"])
        if media_type == EVENTS and media_type in content:
            return "stream"
        if not body:
            return "no_body" if content else "conforming"
        if media_type not in content:
            return "undocumented_media_type"
        schema = content[media_type]
        if schema is None or not media_type.endswith("json"):
            return "conforming"
        return "conforming" if self._is_valid(body, schema) else "violating"

    def faulty_events(self, entry: dict[str, Any]) -> set[int]:
        """Which events of a stream, counted from 0, are not what the description says of one."""
        found = self._operation(entry["request"])
        if found is None or self.outcome(entry) != "stream":
            return set()
        status = str(entry["response"]["status"])
        schema = found[1].get("responses", status, "content", EVENTS, "schema")
        assert schema is not None
        blocks = _text(entry["response"]["content"]).split(b"\n\n")[:-1]
        data = [block.removeprefix(b"data: ") for block in blocks if block.startswith(b"data: ")]
        return {index for index, text in enumerate(data) if not self._is_valid(text, schema)}

    # requests

    def _is_asked(self, request: dict[str, Any], item: Place, operation: Place, path: dict[str, list[str]]) -> bool:
        """Whether path, query and body are as described; headers are not looked at."""
        url = urlsplit(request["url"])
        query = parse_qs(url.query, keep_blank_values=True)
        stated = [*operation.items("parameters"), *item.items("parameters")]
        places = {"query": query, "path": path}
        met = (self._is_given(one, places[one.value["in"]]) for one in stated if one.value["in"] in places)
        return all(met) and self._is_sent(request, operation)

    def _is_given(self, parameter: Place, given: dict[str, list[str]]) -> bool:
        name, schema = parameter.value["name"], parameter.get("schema")
        assert schema is not None
        if parameter.value.get("style") == "deepObject":
            members = {key[len(name) + 1 : -1]: texts for key, texts in given.items() if key.startswith(f"{name}[")}
            stated = ((texts, schema.get("properties", key)) for key, texts in members.items())
            return all(self._is_one(texts, member) for texts, member in stated if member is not None)
        if name not in given:
            return not parameter.value.get("required")
        return self._is_one(given[name], schema)

    def _is_one(self, given: list[str], schema: Place) -> bool:
        """Whether a parameter conforms: as the text that it is, as the JSON value of the text, or as a list."""
        validator = self._validator(schema.pointer)
        return any(validator.is_valid(value) for value in (given[-1], _parsed(given[-1]), given))

    def _is_sent(self, request: dict[str, Any], operation: Place) -> bool:
        body = _text(request.get("postData") or {})
        schema = operation.get("requestBody", "content", "application/json", "schema")
        return schema is None or not body or self._is_valid(body, schema)

    # the parts

    def _operation(self, request: dict[str, Any]) -> tuple[Place, Place, dict[str, list[str]]] | None:
        """The path item, the operation, and the parameters in the path."""
        path = urlsplit(request["url"]).path or "/"
        for template, expression in self._paths:
            item, found = self._root.get("paths", template), expression.fullmatch(path)
            operation = item.get(request["method"].lower()) if item and found else None
            if item and found and operation:
                names = _PARAMETER.findall(template)
                return (
                    item,
                    operation,
                    {name: [unquote(text)] for name, text in zip(names, found.groups(), strict=False)},
                )
        return None

    def _is_valid(self, body: bytes, schema: Place) -> bool:
        try:
            value = json.loads(body)
        except ValueError:
            return False
        return self._validator(schema.pointer).is_valid(value)

    def _made(self, pointer: str) -> Draft202012Validator:
        schema = {"$ref": f"urn:document#{quote(pointer, safe='/~')}"}
        return Draft202012Validator(schema, registry=self._registry)


def _expression(template: str) -> str:
    pieces = re.split(r"(\{[^}]*\}|\*)", template)
    patterns = {"{": "([^/]+)", "*": "(.+)"}
    return "".join(patterns.get(piece[:1], re.escape(piece)) for piece in pieces)


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _text(content: dict[str, Any]) -> bytes:
    text = content.get("text") or ""
    return base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
