"""Validation of a configuration file against `meta/configuration.schema.json`."""

from __future__ import annotations

import datetime
import difflib
import json
import keyword
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from wirelock.config.breaking import parse_release
from wirelock.config.file import ConfigFile
from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import describe_value
from wirelock.runtime.json.text import Json
from wirelock.source.dialects import DIALECT_URIS

if TYPE_CHECKING:
    import jsonschema_rs

CONFIG_KEY_UNKNOWN = Code("CONFIG_KEY_UNKNOWN", Severity.ERROR, fatal=True)
CONFIG_VALUE_INVALID = Code("CONFIG_VALUE_INVALID", Severity.ERROR, fatal=True)
_RESERVED_PACKAGES = frozenset({*sys.stdlib_module_names, "docs", "google", "grpc", "pydantic", "wirelock"})
_MAX_DEPTH = 8
"""More levels than any valid configuration has."""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TYPE_HINTS = {
    "array": "use an array",
    "boolean": "use true or false",
    "object": "use a table",
    "string": "use a string",
}


def check_file(file: ConfigFile) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each unknown key and each invalid value."""
    schema = _load_schema()
    diagnostics: dict[tuple[Location, Code, str], Diagnostic] = {}
    for error in _load_validator().iter_errors(_to_json(file.keys)):
        for diagnostic in _explain(error, file, _follow(schema, error.schema_path[:-1])):
            key = (diagnostic.location, diagnostic.code, diagnostic.message)
            diagnostics.setdefault(key, diagnostic)  # a value may violate several keywords
    problems = diagnostics.values() if diagnostics else _check_meaning(file)
    return tuple(sorted(problems, key=lambda diagnostic: (diagnostic.location, diagnostic.message)))


def check_dialect(name: str, location: Location) -> Diagnostic | None:
    """Return a diagnostic if there is no dialect with this name."""
    if name in DIALECT_URIS:
        return None
    return _report_invalid("dialect", name, location, _build_choice_hint(name, DIALECT_URIS))


@cache
def _load_schema() -> dict[str, Any]:
    text = files("wirelock").joinpath("meta/configuration.schema.json").read_text("utf-8")
    return cast("dict[str, Any]", json.loads(text))


@cache
def _load_validator() -> jsonschema_rs.Draft7Validator:
    import jsonschema_rs  # imported on use, since `wirelock --help` reads no configuration

    return jsonschema_rs.Draft7Validator(_load_schema())


def _to_json(value: object, depth: int = 0) -> Json:
    """Return a TOML value as JSON; values that JSON or the configuration cannot have become null, which is invalid."""
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        return {str(key): _to_json(item, depth + 1) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list) and depth < _MAX_DEPTH:
        return [_to_json(item, depth + 1) for item in cast("list[object]", value)]
    return value if isinstance(value, str | int) else None


def _follow(value: Any, path: Iterable[str | int]) -> Any:
    for token in path:
        value = value[token]
    return value


def _explain(error: jsonschema_rs.ValidationError, file: ConfigFile, schema: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Yield the diagnostics of one violation; `schema` is the subschema that has the keyword."""
    from jsonschema_rs import ValidationErrorKind

    path = error.instance_path
    match error.kind:
        case ValidationErrorKind.AdditionalProperties(unexpected=keys):
            for key in keys:
                message = f"unknown key {key!r}"
                hint = _suggest(key, schema["properties"]) or _list_choices(schema["properties"])
                yield Diagnostic(CONFIG_KEY_UNKNOWN, file.locate(*path, key), message, hint)
        case ValidationErrorKind.Required(property=key):
            description = schema["properties"][key]["description"].rstrip(".")
            message = f"the key {_format_path((*path, key))} is missing"
            hint = f"add {key}: {description[0].lower()}{description[1:]}"
            yield Diagnostic(CONFIG_VALUE_INVALID, file.locate(*path), message, hint)
        case _:
            value = _follow(file.keys, path)
            yield _report_invalid(_format_path(path), value, file.locate(*path), _build_hint(schema, value))


def _build_hint(schema: Mapping[str, Any], value: object) -> str:
    if "errorMessage" in schema:
        return str(schema["errorMessage"])
    if "enum" in schema:
        return _build_choice_hint(value, schema["enum"])
    if schema["type"] == "string" and value == "":
        return "use a string that is not empty"
    return _TYPE_HINTS[schema["type"]]


def _build_choice_hint(value: object, choices: Iterable[str]) -> str:
    suggestion = _suggest(value, choices)
    return f"{suggestion} {_list_choices(choices)}" if suggestion else _list_choices(choices)


def _suggest(value: object, choices: Iterable[str]) -> str:
    matches = difflib.get_close_matches(value, [*choices], 1) if isinstance(value, str) else []
    return f"did you mean {matches[0]}?" if matches else ""


def _list_choices(choices: Iterable[str]) -> str:
    return f"use one of {', '.join(choices)}"


def _report_invalid(key: str, value: object, location: Location, hint: str) -> Diagnostic:
    is_date = isinstance(value, datetime.date | datetime.time)
    message = f"invalid value for {key}: {f'date or time {value}' if is_date else describe_value(value)}"
    return Diagnostic(CONFIG_VALUE_INVALID, location, message, hint)


def _format_path(path: Sequence[str | int]) -> str:
    """Return a path as in TOML, with indices in brackets: `verify.expect[0].code`."""
    return "".join(
        f"[{token}]" if isinstance(token, int) else f".{token if _BARE_KEY.fullmatch(token) else json.dumps(token)}"
        for token in path
    ).removeprefix(".")


def _check_meaning(file: ConfigFile) -> Iterator[Diagnostic]:
    """Yield diagnostics for values that the schema accepts but that have no meaning."""
    package = file.keys["package"]
    if package in _RESERVED_PACKAGES or keyword.iskeyword(package):
        hint = "choose another name: Python or a file beside the package uses this one"
        yield _report_invalid("package", package, file.locate("package"), hint)
    for index, expression in enumerate(file.keys.get("record", {}).get("redact", ())):
        if not _is_json_path(expression):
            path = ("record", "redact", index)
            hint = "use a JSONPath (RFC 9535)"
            yield _report_invalid(_format_path(path), expression, file.locate(*path), hint)
    for index, entry in enumerate(file.keys.get("breaking", {}).get("accept", ())):
        if "until" in entry and parse_release(file.version) is None:
            location = file.locate("breaking", "accept", index, "until")
            message = f"breaking.accept[{index}].until needs the version of the project, which is unknown"
            hint = 'add version = "1.4.0" beside package, or to [project]'
            yield Diagnostic(CONFIG_VALUE_INVALID, location, message, hint)


def _is_json_path(expression: str) -> bool:
    import jsonpath_rfc9535  # imported on use, since most configurations have no JSONPath

    library: Any = jsonpath_rfc9535
    try:
        library.compile(expression)
    except library.JSONPathError:
        return False
    return True
