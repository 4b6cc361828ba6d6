"""An independent check of recorded exchanges: python-jsonschema over the OpenAPI document.

It shares no code with wirelock: it has its own search for the operation and the schema, and its own validator.
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
class LocatedValue:
    """A value in the document, and the JSON Pointer to it."""

    value: Any
    pointer: str

    def get(self, *names: str) -> LocatedValue | None:
        """Return the value at a path, or None."""
        value, pointer = self.value, self.pointer
        for name in names:
            if name not in value:
                return None
            value, pointer = value[name], f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        return LocatedValue(value, pointer)

    def items(self, name: str) -> list[LocatedValue]:
        """Return the items of a list member, empty if it is absent."""
        return [LocatedValue(item, f"{self.pointer}/{name}/{i}") for i, item in enumerate(self.value.get(name, ()))]


class ReferenceChecker:
    """Checks the entries of HAR files against one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._root = LocatedValue(document, "")
        self._registry: Registry[Any] = Registry().with_resource("urn:document", DRAFT202012.create_resource(document))
        self._get_validator = cache(self._build_validator)
        templates = sorted(document["paths"], key=lambda path: [part.startswith("{") for part in path.split("/")])
        self._paths = [(path, re.compile(_to_expression(path))) for path in templates]

    def classify(self, entry: dict[str, Any]) -> str:
        """Return the outcome of a HAR entry as a report names it."""
        match = self._find_operation(entry["request"])
        if match is None:
            return "unmatched"
        item, operation, path = match
        outcome = self._classify_response(entry["response"], operation)
        if outcome == "conforming" and entry["response"]["status"] < 400:
            return "conforming" if self._is_valid_request(entry["request"], item, operation, path) else "violating"
        return outcome

    # responses

    def _classify_response(self, response: dict[str, Any], operation: LocatedValue) -> str:
        declared = operation.get("responses", str(response["status"])) or operation.get("responses", "default")
        if declared is None:
            return "undocumented_status"
        content = {
            _strip_parameters(name): declared.get("content", name, "schema")
            for name in declared.value.get("content", {})
        }
        media_type, body = _strip_parameters(response["content"].get("mimeType", "")), _decode_text(response["content"])
        if media_type == EVENTS and media_type in content:
            return "stream"
        if not body:
            return "no_body" if content else "conforming"
        if media_type not in content:
            return "undocumented_media_type"
        schema = content[media_type]
        if schema is None or not media_type.endswith("json"):
            return "conforming"
        return "conforming" if self._is_valid_json(body, schema) else "violating"

    def find_invalid_events(self, entry: dict[str, Any]) -> set[int]:
        """Return the 0-based indices of invalid events of a stream."""
        match = self._find_operation(entry["request"])
        if match is None or self.classify(entry) != "stream":
            return set()
        status = str(entry["response"]["status"])
        schema = match[1].get("responses", status, "content", EVENTS, "schema")
        assert schema is not None
        blocks = _decode_text(entry["response"]["content"]).split(b"\n\n")[:-1]
        data = [block.removeprefix(b"data: ") for block in blocks if block.startswith(b"data: ")]
        return {index for index, text in enumerate(data) if not self._is_valid_json(text, schema)}

    # requests

    def _is_valid_request(
        self, request: dict[str, Any], item: LocatedValue, operation: LocatedValue, path: dict[str, list[str]]
    ) -> bool:
        """Return True if path, query and body are valid; headers are not checked."""
        url = urlsplit(request["url"])
        query = parse_qs(url.query, keep_blank_values=True)
        declared = [*operation.items("parameters"), *item.items("parameters")]
        places = {"query": query, "path": path}
        are_valid = (
            self._is_valid_parameter(parameter, places[parameter.value["in"]])
            for parameter in declared
            if parameter.value["in"] in places
        )
        return all(are_valid) and self._is_valid_body(request, operation)

    def _is_valid_parameter(self, parameter: LocatedValue, given: dict[str, list[str]]) -> bool:
        name, schema = parameter.value["name"], parameter.get("schema")
        assert schema is not None
        if parameter.value.get("style") == "deepObject":
            members = {key[len(name) + 1 : -1]: texts for key, texts in given.items() if key.startswith(f"{name}[")}
            declared = ((texts, schema.get("properties", key)) for key, texts in members.items())
            return all(self._is_valid_value(texts, member) for texts, member in declared if member is not None)
        if name not in given:
            return not parameter.value.get("required")
        return self._is_valid_value(given[name], schema)

    def _is_valid_value(self, given: list[str], schema: LocatedValue) -> bool:
        """Return True if a parameter is valid as text, as JSON, or as a list."""
        validator = self._get_validator(schema.pointer)
        return any(validator.is_valid(value) for value in (given[-1], _parse_json(given[-1]), given))

    def _is_valid_body(self, request: dict[str, Any], operation: LocatedValue) -> bool:
        body = _decode_text(request.get("postData") or {})
        schema = operation.get("requestBody", "content", "application/json", "schema")
        return schema is None or not body or self._is_valid_json(body, schema)

    # the parts

    def _find_operation(
        self, request: dict[str, Any]
    ) -> tuple[LocatedValue, LocatedValue, dict[str, list[str]]] | None:
        """The path item, the operation, and the parameters in the path."""
        path = urlsplit(request["url"]).path or "/"
        for template, expression in self._paths:
            item, match = self._root.get("paths", template), expression.fullmatch(path)
            operation = item.get(request["method"].lower()) if item and match else None
            if item and match and operation:
                names = _PARAMETER.findall(template)
                return (
                    item,
                    operation,
                    {name: [unquote(text)] for name, text in zip(names, match.groups(), strict=False)},
                )
        return None

    def _is_valid_json(self, body: bytes, schema: LocatedValue) -> bool:
        try:
            value = json.loads(body)
        except ValueError:
            return False
        return self._get_validator(schema.pointer).is_valid(value)

    def _build_validator(self, pointer: str) -> Draft202012Validator:
        schema = {"$ref": f"urn:document#{quote(pointer, safe='/~')}"}
        return Draft202012Validator(schema, registry=self._registry)


def _to_expression(template: str) -> str:
    pieces = re.split(r"(\{[^}]*\}|\*)", template)
    patterns = {"{": "([^/]+)", "*": "(.+)"}
    return "".join(patterns.get(piece[:1], re.escape(piece)) for piece in pieces)


def _strip_parameters(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _decode_text(content: dict[str, Any]) -> bytes:
    text = content.get("text") or ""
    return base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()


def _parse_json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
