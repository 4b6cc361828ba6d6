"""What an operation carries in its request and its answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.openapi.documents import At, Library

_MEDIA_TYPE = re.compile(r"[^/;\s]+/[^/;\s]+")


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


def request_body(at: At, library: Library) -> Body | None:
    """What the request of an operation carries."""
    stated = library.table(at, "requestBody")
    body = library.followed(stated) if stated else None
    if body is None:
        return None
    media = tuple(_media(body, library))
    return Body(media, body.table.get("required") is True, library.text(body, "description")) if media else None


def answers(at: At, library: Library) -> Iterator[Answer]:
    """What an operation answers with, status by status."""
    for status, stated in library.specified(at, "responses"):
        answer = library.followed(stated)
        spelt = status.upper() if status != "default" else status
        if not re.fullmatch(r"[1-5]([0-9][0-9]|XX)|default", spelt):
            library.invalid(stated, f"{status} is not a status")
        elif answer is not None:
            yield Answer(spelt, tuple(_media(answer, library)))


def _media(body: At, library: Library) -> Iterator[Media]:
    seen: set[str] = set()
    for name, stated in library.named(body, "content"):
        form = library.followed(stated)
        check_media_type(name, stated, library)
        if form is None or not form.is_object or plain(name) in seen:  # parameters make no other form
            continue
        seen.add(plain(name))
        yield Media(plain(name), form.below("schema") if "schema" in form.table else None, form)


def check_media_type(name: str, at: At, library: Library) -> None:
    """Report what is no media type."""
    if not _MEDIA_TYPE.fullmatch(plain(name)):
        library.invalid(at, f"{name} is not a media type")


def plain(media_type: str) -> str:
    """A media type without parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()
