"""What a method answers in two states: which body of a status belongs to which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from wirelock.ir import Method, StatusBody

_Same = Callable[[StatusBody, StatusBody], bool]


@dataclass(frozen=True, slots=True)
class Matched:
    """The bodies of one status: those that belong together, and those that only one of the states has.

    `before` and `after` are all of them, the matched ones too.
    """

    pairs: tuple[tuple[StatusBody, StatusBody], ...]
    removed: tuple[StatusBody, ...]
    added: tuple[StatusBody, ...]
    before: tuple[StatusBody, ...]
    after: tuple[StatusBody, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that a method answers: by status where both states know it, and the statuses of only one of them."""

    matched: tuple[Matched, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]


def answers(old: Method, new: Method) -> Answers:
    """Compare what a method answers; a range, or what is said of all others, stands for a status that is not stated."""
    before, after = _by_status(old.responses), _by_status(new.responses)
    found: list[Matched] = []
    for status, bodies in after.items():
        if (former := _stated(status, before)) is not None:
            matched = _matched(before[former], bodies)
            found.append(matched if former == status else replace(matched, removed=()))
    for status, bodies in before.items():
        if status not in after and (now := _stated(status, after)) is not None:
            found.append(replace(_matched(bodies, after[now]), added=()))
    removed = tuple(status for status in before if _stated(status, after) is None)
    return Answers(tuple(found), removed, tuple(status for status in after if _stated(status, before) is None))


def _by_status(bodies: Iterable[StatusBody]) -> Mapping[str, list[StatusBody]]:
    found: dict[str, list[StatusBody]] = {}
    for body in bodies:
        found.setdefault(body.status, []).append(body)
    return found


def _stated(status: str, known: Mapping[str, object]) -> str | None:
    """Under which status the answers of a status are stated; beside a success, all others are errors."""
    told_apart = status[0] == "2" and any(one[0] == "2" for one in known)
    names = (status, f"{status[0]}XX") if told_apart else (status, f"{status[0]}XX", "default")
    return next((one for one in names if one in known), None)


def _matched(old: Sequence[StatusBody], new: Sequence[StatusBody]) -> Matched:
    """The same first, then the same type, then the same media type; of several that fit, the first."""
    left, right = [*old], [*new]
    pairs = [pair for same in (_is_same, _has_same_type, _has_same_form) for pair in _taken(left, right, same)]
    return Matched(tuple(pairs), tuple(left), tuple(right), tuple(old), tuple(new))


def _taken(left: list[StatusBody], right: list[StatusBody], same: _Same) -> Iterator[tuple[StatusBody, StatusBody]]:
    for one in [*left]:
        other = next((body for body in right if same(one, body)), None)
        if other is not None:
            left.remove(one)
            right.remove(other)
            yield one, other


def _is_same(one: StatusBody, other: StatusBody) -> bool:
    return _has_same_content(one, other) and one.media_type == other.media_type


def _has_same_type(one: StatusBody, other: StatusBody) -> bool:
    return _has_same_content(one, other) and bool(one.media_type) and bool(other.media_type)


def _has_same_content(one: StatusBody, other: StatusBody) -> bool:
    return (one.type, one.const, one.text) == (other.type, other.const, other.text)


def _has_same_form(one: StatusBody, other: StatusBody) -> bool:
    return one.type is not None and other.type is not None and one.media_type == other.media_type
