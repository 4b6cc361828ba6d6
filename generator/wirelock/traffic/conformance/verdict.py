"""One JSON text held against everything generated for its type: one finding a fault, and who raised it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from wirelock.runtime.findings import PRECISION_LOST, UNDECLARED_FIELD, Contract, Finding
from wirelock.runtime.json.equality import difference, equal
from wirelock.runtime.json.pointers import token
from wirelock.runtime.json.text import Json, parse

RoundTrip = Literal["equal", "lossy", "failed"]


@dataclass(frozen=True, slots=True)
class Raised:
    """A finding, and which of validator, model and codec raised it."""

    finding: Finding
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all of them say of one text.

    `raised` is empty where all accept without a note. `disagreement` says who accepts what others refuse;
    `round_trip` is None where the text is not valid or its type has no message; `loss` says where the text that came
    back differs without any note that says so.
    """

    raised: tuple[Raised, ...] = ()
    disagreement: str = ""
    valid: bool = False
    round_trip: RoundTrip | None = None
    loss: Finding | None = None

    @property
    def accepted(self) -> bool:
        """Whether there is no fault, only notes."""
        return all(raised.finding.warning for raised in self.raised) and not self.disagreement and self.loss is None


def judge(contract: Contract, text: bytes) -> Verdict:
    """Hold one text against validator, model and codec, and send it to protobuf and back."""
    found = {
        "validator": contract.validator_findings(text),
        "model": contract.model_findings(text),
        **({"codec": contract.codec_findings(text)} if contract.carried else {}),
    }
    raised = _merged(found)
    refusing = [who for who, findings in found.items() if any(_is_verdict(finding) for finding in findings)]
    if 0 < len(refusing) < len(found):
        return Verdict(raised, _words(refusing, found))
    if refusing:
        return Verdict(raised)
    return _after_round_trip(contract, text, raised) if contract.carried else Verdict(raised, valid=True)


def _is_verdict(finding: Finding) -> bool:
    """Whether a finding refuses the text as invalid; what protobuf cannot carry is no verdict on the text."""
    return not finding.warning and finding.code != "NOT_REPRESENTABLE"


def _words(refusing: Sequence[str], found: dict[str, tuple[Finding, ...]]) -> str:
    accepting = [who for who in found if who not in refusing]
    first = next(finding for finding in found[refusing[0]] if _is_verdict(finding))
    return f"refused by {' and '.join(refusing)}, accepted by {' and '.join(accepting)}: {first.message}"


def _merged(found: Mapping[str, tuple[Finding, ...]]) -> tuple[Raised, ...]:
    """The first one's findings, with everybody who found a fault at, above or below the same place.

    What the first one did not find but others did is added, unless it is only another view of a fault already named.
    """
    merged = _Merged()
    for who, findings in found.items():
        for finding in findings:
            merged.add(finding, who)
    return merged.sorted()


class _Merged:
    """Findings by place, so that merging many takes time in their number and not in its square."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._by: list[list[str]] = []
        self._at: dict[str, list[int]] = {}
        self._below: dict[str, list[int]] = {}

    def add(self, finding: Finding, who: str) -> None:
        """Add a finding, or its finder to those of the same fault."""
        same = [index for index in self._near(finding) if _is_same(self._findings[index], finding)]
        for index in same:
            if who not in self._by[index]:
                self._by[index].append(who)
        if not same:
            self._add(finding, who)

    def _add(self, finding: Finding, who: str) -> None:
        index = len(self._findings)
        self._findings.append(finding)
        self._by.append([who])
        self._at.setdefault(finding.pointer, []).append(index)
        for outer in _outer(finding.pointer):
            self._below.setdefault(outer, []).append(index)

    def _near(self, finding: Finding) -> Iterator[int]:
        yield from self._at.get(finding.pointer, ())
        if not finding.warning:
            yield from self._below.get(finding.pointer, ())
            for outer in _outer(finding.pointer):
                yield from self._at.get(outer, ())

    def sorted(self) -> tuple[Raised, ...]:
        """Everything added, by place."""
        raised = (Raised(finding, tuple(by)) for finding, by in zip(self._findings, self._by, strict=True))
        return tuple(sorted(raised, key=lambda one: (one.finding.pointer, one.finding.code, one.finding.message)))


def _outer(pointer: str) -> Iterator[str]:
    """The pointers of everything that holds a place."""
    while pointer:
        pointer = pointer.rpartition("/")[0]
        yield pointer


def _is_same(one: Finding, other: Finding) -> bool:
    """Whether two findings, one at or inside the place of the other, are about one fault."""
    return one.warning == other.warning and (not one.warning or one.code == other.code)


# there and back


def _after_round_trip(contract: Contract, text: bytes, raised: tuple[Raised, ...]) -> Verdict:
    if any(not entry.finding.warning for entry in raised):  # NOT_REPRESENTABLE
        return Verdict(raised, valid=True, round_trip="failed")
    back = contract.round_trip(text)
    if not isinstance(back, bytes):
        merged = _merged({"validator": tuple(r.finding for r in raised), "codec": back})
        return Verdict(merged, valid=True, round_trip="failed")
    before, after = parse(text), parse(back)
    if equal(before, after):
        return Verdict(raised, valid=True, round_trip="equal")
    notes = [entry.finding for entry in raised if entry.finding.code in (UNDECLARED_FIELD, PRECISION_LOST)]
    where = difference(_without(before, notes), _without(after, notes))
    if where is None:
        return Verdict(raised, valid=True, round_trip="lossy")
    words = "the value that comes back from protobuf is another one, and nothing said so"
    return Verdict(raised, valid=True, round_trip="lossy", loss=Finding(where, "ROUND_TRIP_MISMATCH", words))


def _without(value: Json, notes: Iterable[Finding]) -> Json:
    """The value without what the notes say is not kept."""
    lost = {finding.pointer for finding in notes}
    return None if "" in lost else _pruned(value, "", lost)


def _pruned(value: Json, at: str, lost: set[str]) -> Json:
    if isinstance(value, dict):
        inner = {key: (f"{at}/{token(key)}", item) for key, item in value.items()}
        return {key: _pruned(item, place, lost) for key, (place, item) in inner.items() if place not in lost}
    if isinstance(value, list):
        return [None if f"{at}/{i}" in lost else _pruned(item, f"{at}/{i}", lost) for i, item in enumerate(value)]
    return value
