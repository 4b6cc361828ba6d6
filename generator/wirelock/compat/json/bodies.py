"""Responses of a method in two states: which bodies of a status correspond."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from wirelock.ir import Method, StatusBody

_BodyPredicate = Callable[[StatusBody, StatusBody], bool]


@dataclass(frozen=True, slots=True)
class MatchedBodies:
    """The bodies of one status: corresponding pairs, and those that only one state has.

    `before` and `after` are all bodies, including the pairs.
    """

    pairs: tuple[tuple[StatusBody, StatusBody], ...]
    removed: tuple[StatusBody, ...]
    added: tuple[StatusBody, ...]
    before: tuple[StatusBody, ...]
    after: tuple[StatusBody, ...]


@dataclass(frozen=True, slots=True)
class MatchedResponses:
    """The responses of a method: bodies by status known to both states, and statuses of only one state."""

    matched: tuple[MatchedBodies, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]


def match_responses(old: Method, new: Method) -> MatchedResponses:
    """Match the responses of two states; an undeclared status belongs to its range or to the default."""
    old_bodies, new_bodies = _group_by_status(old.responses), _group_by_status(new.responses)
    matches: list[MatchedBodies] = []
    for status, bodies in new_bodies.items():
        if (old_status := _find_status(status, old_bodies)) is not None:
            bodies_of_status = _match_bodies(old_bodies[old_status], bodies)
            matches.append(bodies_of_status if old_status == status else replace(bodies_of_status, removed=()))
    for status, bodies in old_bodies.items():
        if status not in new_bodies and (new_status := _find_status(status, new_bodies)) is not None:
            matches.append(replace(_match_bodies(bodies, new_bodies[new_status]), added=()))
    removed = tuple(status for status in old_bodies if _find_status(status, new_bodies) is None)
    added = tuple(status for status in new_bodies if _find_status(status, old_bodies) is None)
    return MatchedResponses(tuple(matches), removed, added)


def _group_by_status(bodies: Iterable[StatusBody]) -> Mapping[str, list[StatusBody]]:
    groups: dict[str, list[StatusBody]] = {}
    for body in bodies:
        groups.setdefault(body.status, []).append(body)
    return groups


def _find_status(status: str, known: Mapping[str, object]) -> str | None:
    """Return the declared status that covers a status; None if there is none.

    A default covers success statuses only if no success status is declared.
    """
    is_default_excluded = status[0] == "2" and any(other[0] == "2" for other in known)
    names = (status, f"{status[0]}XX") if is_default_excluded else (status, f"{status[0]}XX", "default")
    return next((other for other in names if other in known), None)


def _match_bodies(old: Sequence[StatusBody], new: Sequence[StatusBody]) -> MatchedBodies:
    """Match equal bodies first, then equal types, then equal media types; among several, the first."""
    old_left, new_left = [*old], [*new]
    pairs = [
        pair
        for is_match in (_is_same, _has_same_type, _has_same_document_media_type)
        for pair in _pop_pairs(old_left, new_left, is_match)
    ]
    return MatchedBodies(tuple(pairs), tuple(old_left), tuple(new_left), tuple(old), tuple(new))


def _pop_pairs(
    old_left: list[StatusBody], new_left: list[StatusBody], is_match: _BodyPredicate
) -> Iterator[tuple[StatusBody, StatusBody]]:
    for old in [*old_left]:
        new = next((body for body in new_left if is_match(old, body)), None)
        if new is not None:
            old_left.remove(old)
            new_left.remove(new)
            yield old, new


def _is_same(item: StatusBody, other: StatusBody) -> bool:
    return _has_same_content(item, other) and item.media_type == other.media_type


def _has_same_type(item: StatusBody, other: StatusBody) -> bool:
    return _has_same_content(item, other) and bool(item.media_type) and bool(other.media_type)


def _has_same_content(item: StatusBody, other: StatusBody) -> bool:
    return (item.type, item.const, item.text) == (other.type, other.const, other.text)


def _has_same_document_media_type(item: StatusBody, other: StatusBody) -> bool:
    return item.type is not None and other.type is not None and item.media_type == other.media_type
