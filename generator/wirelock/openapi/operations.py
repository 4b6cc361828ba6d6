"""Operations of a description as values: parameters, bodies and answers, with references followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.diagnostics import Code, Severity
from wirelock.ir import Style
from wirelock.openapi.library import At, Library
from wirelock.openapi.names import property_name

OPERATION_NOT_CARRIED = Code("OPERATION_NOT_CARRIED", Severity.WARNING)
PARAMETER_NOT_CARRIED = Code("PARAMETER_NOT_CARRIED", Severity.WARNING)
PARAMETER_UNMATCHED = Code("PARAMETER_UNMATCHED", Severity.WARNING)
VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_CARRIED = ("get", "put", "post", "delete", "patch")
_IGNORED_HEADERS = ("accept", "content-type", "authorization")  # OpenAPI 3.1, "Parameter Object", name
_IN_PATH = re.compile(r"\{([^{}]*)\}")
_DEFAULT = Style()
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


@dataclass(frozen=True, slots=True)
class Media:
    """One form of a body: its media type without parameters, in lower case, and its schema if it has one."""

    type: str
    schema: At | None
    where: At


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries."""

    media: tuple[Media, ...]
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one status answers with; without media there is no body."""

    status: str
    media: tuple[Media, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `path` is a template in the terms of HttpRule, empty with `verb` where there is no such rule."""

    at: At
    raw: tuple[str, str]
    verb: str
    path: str
    id: str
    tag: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    answers: tuple[Answer, ...]
    description: str
    deprecated: bool

    @property
    def key(self) -> str:
        """What stays the same while the operation does."""
        return f"{self.raw[0].upper()} {self.raw[1]}"

    def schemas(self) -> Iterator[At]:
        """Every schema that the operation mentions."""
        yield from (parameter.schema for parameter in self.parameters if parameter.schema)
        media = [*(self.body.media if self.body else ()), *(one for answer in self.answers for one in answer.media)]
        yield from (one.schema for one in media if one.schema)


def operations(library: Library) -> list[Operation]:
    """Every operation below `paths`, in document order."""
    entry = At(library.entry, "", library.entry.value)
    found: list[Operation] = []
    for path, item in library.named(entry, "paths"):
        target = library.followed(item)
        if target is None or not isinstance(target.value, dict):
            if target is not None:
                library.invalid(target, "a path item must be an object")
            continue
        found += [_operation(verb, path, target, library) for verb in target.value if verb in VERBS]
    _tell_what_stays(entry, library)
    return found


def _tell_what_stays(entry: At, library: Library) -> None:
    for name, item in library.named(entry, "webhooks"):
        words = f"the webhook {name} is no call to the server and is not imported"
        library.report(OPERATION_NOT_CARRIED, item, words, "nothing needs to be done if clients do not receive it")


def _operation(verb: str, path: str, item: At, library: Library) -> Operation:
    at = item.below(verb)
    if not isinstance(at.value, dict):
        library.invalid(at, "an operation must be an object")
        at = At(at.document, at.pointer, {})
    parameters = _parameters(item, at, library)
    template = _template(path)
    parameters = _matched(parameters, template or path, at, library)
    carried = verb in _CARRIED and template is not None
    if not carried:
        words = f"{verb.upper()} {path} cannot be said in an HTTP rule; the method is imported without one"
        library.report(OPERATION_NOT_CARRIED, at, words, "call it by hand, or change the description with an overlay")
    if "callbacks" in at.value:
        words = "callbacks are no calls to the server and are not imported"
        library.report(OPERATION_NOT_CARRIED, at.below("callbacks"), words, "nothing needs to be done for clients")
    tags = [tag.value for tag in library.items(at, "tags") if isinstance(tag.value, str)]
    return Operation(
        at,
        (verb, path),
        verb if carried else "",
        _filled(template or "", parameters) if carried else "",
        library.text(at, "operationId"),
        tags[0] if tags else "",
        tuple(parameters),
        _body(at, library),
        tuple(_answers(at, library)),
        library.text(at, "description") or library.text(at, "summary"),
        at.value.get("deprecated") is True,
    )


# parameters


def _parameters(item: At, operation: At, library: Library) -> list[Parameter]:
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
            library.report(PARAMETER_NOT_CARRIED, at, words, "send it by hand")
        elif not (place == "header" and name.lower() in _IGNORED_HEADERS):
            taken = [parameter.property for parameter in found]
            found.append(_parameter(at, name, place, property_name(name, place, taken), library))
    return found


def _parameter(at: At, name: str, place: str, property: str, library: Library) -> Parameter:
    style, explode = library.text(at, "style"), at.value.get("explode")
    default = "form" if place == "query" else "simple"
    content = list(library.named(at, "content"))
    exploded = explode if isinstance(explode, bool) and explode != ((style or default) == "form") else None
    if style == "deepObject":
        exploded = explode if isinstance(explode, bool) else None
    schema = at.below("schema") if "schema" in at.value else None
    if content:
        schema = content[0][1].below("schema") if "schema" in content[0][1].value else None
    return Parameter(
        property,
        name,
        place,
        place == "path" or at.value.get("required") is True,
        schema,
        Style(
            name if name != property and place != "path" else "",
            style if style != default else "",
            exploded,
            _plain(content[0][0]) if content else "",
        ),
        library.text(at, "description"),
        at.value.get("deprecated") is True,
    )


def _template(path: str) -> str | None:
    """The path with each `*` as a parameter `path` that takes the rest; None where a segment is more than one thing."""
    segments = path.split("/")
    if segments[0] or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return None
    stars = [segment for segment in segments if segment in ("*", "**")]
    if len(stars) > 1 or (stars and segments[-1] not in ("*", "**")):
        return None
    rest = property_name("path", "rest", _IN_PATH.findall(path)) if stars else ""
    names = (segment if segment not in ("*", "**") else f"{{{rest}=**}}" for segment in segments)
    return "/".join(names)


def _matched(parameters: list[Parameter], path: str, at: At, library: Library) -> list[Parameter]:
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


def _filled(template: str, parameters: list[Parameter]) -> str:
    """The template in property names."""
    properties = {parameter.name: parameter.property for parameter in parameters if parameter.place == "path"}

    def name(found: re.Match[str]) -> str:
        stated, star, _ = found[1].partition("=**")
        return f"{{{properties.get(stated, stated)}{star}}}"

    return _IN_PATH.sub(name, template)


# bodies


def _body(at: At, library: Library) -> Body | None:
    stated = library.table(at, "requestBody")
    body = library.followed(stated) if stated else None
    if body is None:
        return None
    media = tuple(_media(body, library))
    return Body(media, body.value.get("required") is True, library.text(body, "description")) if media else None


def _answers(at: At, library: Library) -> Iterator[Answer]:
    for status, stated in library.named(at, "responses"):
        answer = library.followed(stated)
        spelt = status.upper() if status != "default" else status
        if not re.fullmatch(r"[1-5]([0-9][0-9]|XX)|default", spelt):
            library.invalid(stated, f"{status} is not a status")
        elif answer is not None:
            yield Answer(spelt, tuple(_media(answer, library)))


def _media(body: At, library: Library) -> Iterator[Media]:
    for name, stated in library.named(body, "content"):
        form = library.followed(stated)
        if form is None or not isinstance(form.value, dict):
            continue
        schema = form.below("schema") if "schema" in form.value else None
        yield Media(_plain(name), schema, form)


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
