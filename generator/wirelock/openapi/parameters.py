"""Parameters of an operation, and the path that they are in, in the terms of HttpRule."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wirelock.diagnostics import Code, Severity
from wirelock.ir import Style
from wirelock.openapi.bodies import check_media_type, plain
from wirelock.openapi.documents import At, Library
from wirelock.openapi.names import property_name

PARAMETER_UNSUPPORTED = Code("PARAMETER_UNSUPPORTED", Severity.WARNING)
PARAMETER_UNMATCHED = Code("PARAMETER_UNMATCHED", Severity.WARNING)
_IGNORED_HEADERS = ("accept", "content-type", "authorization")  # OpenAPI 3.1, "Parameter Object", name
_IN_PATH = re.compile(r"\{([^{}]*)\}")
_DEFAULT = Style()
_STYLES = ("form", "spaceDelimited", "pipeDelimited", "deepObject", "simple", "label", "matrix")
_SEGMENT = re.compile(r"\{[^{}=/]+\}|[^{}\s?#*]*|\*{1,2}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `property` is its name in the request message, `schema` is None where none is stated."""

    property: str
    name: str
    place: str
    required: bool
    schema: At | None = None
    style: Style = _DEFAULT
    description: str = ""
    deprecated: bool = False


def parameters(item: At, operation: At, library: Library) -> list[Parameter]:
    """The parameters of the path and of the operation, which wins; each with a property name of its own."""
    stated: dict[tuple[str, str], At] = {}
    for owner in (item, operation):
        for given in library.items(owner, "parameters"):
            at = library.followed(given)
            if at is not None and (name := library.text(at, "name")) and (place := library.text(at, "in")):
                stated[name, place] = at
            elif at is not None:
                library.invalid(at, "a parameter must have a name and say what it is in")
    found: list[Parameter] = []
    for (name, place), at in stated.items():
        if place not in ("path", "query", "header"):
            words = f"the {place} parameter {name} is not imported"
            library.report(PARAMETER_UNSUPPORTED, at, words, "send it by hand")
        elif not (place == "header" and name.lower() in _IGNORED_HEADERS):
            taken = [parameter.property for parameter in found]
            found.append(_parameter(at, name, place, property_name(name, place, taken), library))
    return found


def _parameter(at: At, name: str, place: str, property: str, library: Library) -> Parameter:
    style, explode = library.text(at, "style"), at.table.get("explode")
    if style and style not in _STYLES:
        library.invalid(at.below("style"), f"{style} is not a style")
    default = "form" if place == "query" else "simple"
    content = list(library.named(at, "content"))
    exploded = explode if isinstance(explode, bool) and explode != ((style or default) == "form") else None
    if style == "deepObject":
        exploded = explode if isinstance(explode, bool) else None
    schema = at.below("schema") if "schema" in at.table else None
    for name_of_type, form in content:
        check_media_type(name_of_type, form, library)
    if content:
        schema = content[0][1].below("schema") if "schema" in content[0][1].table else None
    return Parameter(
        property,
        name,
        place,
        place == "path" or at.table.get("required") is True,
        schema,
        Style(
            name if name != property and place != "path" else "",
            style if style != default else "",
            exploded,
            plain(content[0][0]) if content else "",
        ),
        library.text(at, "description"),
        at.table.get("deprecated") is True,
    )


def template(path: str) -> str | None:
    """The path with each `*` as a parameter `path` that takes the rest; None where a segment is more than one thing."""
    segments = path.split("/")
    if path[:1] != "/" or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return None
    stars = [segment for segment in segments if segment in ("*", "**")]
    if len(stars) > 1 or (stars and segments[-1] not in ("*", "**")):
        return None
    rest = property_name("path", "rest", _IN_PATH.findall(path)) if stars else ""
    names = (segment if segment not in ("*", "**") else f"{{{rest}=**}}" for segment in segments)
    return "/".join(names)


def matched(parameters: list[Parameter], path: str, at: At, library: Library) -> list[Parameter]:
    """The parameters, with one for each name in the path, and none that the path does not have."""
    names = [name.removesuffix("=**") for name in _IN_PATH.findall(path)]
    known = {parameter.name for parameter in parameters if parameter.place == "path"}
    stars = [name for name in names if f"{{{name}=**}}" in path]
    for name in (name for name in names if name not in known and name not in stars):
        words = f"the path has a parameter {name} that is not described; it is taken for a string"
        library.report(PARAMETER_UNMATCHED, at, words, "describe it among the parameters")
    for name in sorted(known - set(names)):
        words = f"the path has no place for the parameter {name}; it is left out"
        library.report(PARAMETER_UNMATCHED, at, words, f"write {{{name}}} into the path")
    used = [parameter.property for parameter in parameters]
    added = [
        Parameter(property_name(name, "path", used), name, "path", True)
        for name in dict.fromkeys(names)
        if name not in known
    ]
    return [*added, *(p for p in parameters if p.place != "path" or p.name in names)]


def filled(template: str, parameters: list[Parameter]) -> str:
    """The template in property names."""
    properties = {parameter.name: parameter.property for parameter in parameters if parameter.place == "path"}

    def name(found: re.Match[str]) -> str:
        stated, star, _ = found[1].partition("=**")
        return f"{{{properties.get(stated, stated)}{star}}}"

    return _IN_PATH.sub(name, template)
