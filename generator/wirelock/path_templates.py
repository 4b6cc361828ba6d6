"""Path templates of HTTP rules, such as `/session/{sessionID}` (google.api.HttpRule, "Path template syntax")."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_VARIABLE = re.compile(r"\{([^{}=]*)(?:=([^{}]+))?\}")
_NOT_LITERAL = re.compile(r"[{}\s?#]")


@dataclass(frozen=True, slots=True)
class PathVariable:
    """A variable of a template: `{name}` matches one segment, `{name=**}` all that remain."""

    name: str
    pattern: str = ""

    def __str__(self) -> str:
        return f"{{{self.name}={self.pattern}}}" if self.pattern else f"{{{self.name}}}"


def parse_variable(segment: str) -> PathVariable | None:
    """Return the variable that a segment consists of; None for a literal segment."""
    match = _VARIABLE.fullmatch(segment)
    return None if match is None else PathVariable(match[1], match[2] or "")


def find_variables(path: str) -> tuple[PathVariable, ...]:
    """Return the variables of a template, in order."""
    return tuple(PathVariable(name, pattern) for name, pattern in _VARIABLE.findall(path))


def find_variable_names(path: str) -> tuple[str, ...]:
    """Return the names of the variables of a template, in order."""
    return tuple(variable.name for variable in find_variables(path))


def replace_variables(path: str, replace: Callable[[PathVariable], str]) -> str:
    """Return a template with each variable replaced by a text."""
    return _VARIABLE.sub(lambda match: replace(PathVariable(match[1], match[2] or "")), path)


def rename_variables(path: str, rename: Callable[[str], str]) -> str:
    """Return a template with other variable names."""
    return replace_variables(path, lambda variable: str(PathVariable(rename(variable.name), variable.pattern)))


def is_literal(segment: str) -> bool:
    """Return True if a segment consists of literal text, which may be empty."""
    return not _NOT_LITERAL.search(segment)


def is_path_template(path: str) -> bool:
    """Return True for a template whose segments are literals, `{name}` or `{name=**}`."""
    root, *segments = path.split("/")
    return not root and bool(segments) and all(map(_is_segment, segments))


def _is_segment(segment: str) -> bool:
    variable = parse_variable(segment)
    if variable is None:
        return is_literal(segment)
    return bool(variable.name) and variable.pattern in ("", "**")
