"""Operations of a description as values, with references followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.diagnostics import Code, Severity
from wirelock.openapi.bodies import Answer, Body, answers, request_body
from wirelock.openapi.documents import At, Library
from wirelock.openapi.parameters import Parameter, filled, matched, parameters, template

OPERATION_UNSUPPORTED = Code("OPERATION_UNSUPPORTED", Severity.WARNING)
VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_CARRIED = ("get", "put", "post", "delete", "patch")


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
    for path, item in library.specified(entry, "paths"):
        target = library.followed(item)
        if target is None or not target.is_object:
            if target is not None:
                library.invalid(target, "a path item must be an object")
            continue
        found += [_operation(verb, path, target, library) for verb in target.table if verb in VERBS]
    _tell_what_stays(entry, library)
    return found


def _tell_what_stays(entry: At, library: Library) -> None:
    for name, item in library.named(entry, "webhooks"):
        words = f"the webhook {name} is no call to the server and is not imported"
        library.report(OPERATION_UNSUPPORTED, item, words, "nothing needs to be done if clients do not receive it")


def _operation(verb: str, path: str, item: At, library: Library) -> Operation:
    at = item.below(verb)
    if not at.is_object:
        library.invalid(at, "an operation must be an object")
        at = At(at.document, at.pointer, {})
    stated = parameters(item, at, library)
    wanted = template(path)
    stated = matched(stated, wanted or path, at, library)
    carried = verb in _CARRIED and wanted is not None
    if not carried:
        words = f"{verb.upper()} {path} cannot be said in an HTTP rule; the method is imported without one"
        library.report(OPERATION_UNSUPPORTED, at, words, "call it by hand, or change the description with an overlay")
    if "callbacks" in at.table:
        words = "callbacks are no calls to the server and are not imported"
        library.report(OPERATION_UNSUPPORTED, at.below("callbacks"), words, "nothing needs to be done for clients")
    tags = [tag.value for tag in library.items(at, "tags") if isinstance(tag.value, str)]
    return Operation(
        at,
        (verb, path),
        verb if carried else "",
        filled(wanted or "", stated) if carried else "",
        library.text(at, "operationId"),
        tags[0] if tags else "",
        tuple(stated),
        request_body(at, library),
        tuple(answers(at, library)),
        library.text(at, "description") or library.text(at, "summary"),
        at.table.get("deprecated") is True,
    )
