"""The verdict on a JSON text: one finding per fault, with the artifacts that found it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wirelock.runtime.findings import PRECISION_LOST, UNDECLARED_FIELD, Contract, Finding
from wirelock.runtime.json.equality import are_equal, find_difference
from wirelock.runtime.json.pointers import escape_token
from wirelock.runtime.json.text import Json, parse


class RoundTrip(StrEnum):
    """The result of encoding and decoding a document."""

    EQUAL = "equal"
    LOSSY = "lossy"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AttributedFinding:
    """A finding with the artifacts (validator, model, codec) that found it."""

    finding: Finding
    found_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The combined verdict of validator, model and codec on a text.

    `findings` is empty if all accept without a note. `disagreement` names artifacts with different verdicts.
    `round_trip` is None if the text is invalid or its type has no message. `loss` locates an unreported difference
    after a round trip.
    """

    findings: tuple[AttributedFinding, ...] = ()
    disagreement: str = ""
    is_valid: bool = False
    round_trip: RoundTrip | None = None
    loss: Finding | None = None

    @property
    def is_accepted(self) -> bool:
        """True if there are only notes."""
        return all(entry.finding.warning for entry in self.findings) and not self.disagreement and self.loss is None


def judge(contract: Contract, text: bytes) -> Verdict:
    """Check a text with validator, model and codec, and encode and decode it."""
    results = {
        "validator": contract.check_schema(text),
        "model": contract.check_model(text),
        **({"codec": contract.check_codec(text)} if contract.has_codec else {}),
    }
    findings = _merge(results)
    rejecting = [who for who, findings in results.items() if any(_is_verdict(finding) for finding in findings)]
    if 0 < len(rejecting) < len(results):
        return Verdict(findings, _describe_disagreement(rejecting, results))
    if rejecting:
        return Verdict(findings)
    return _check_round_trip(contract, text, findings) if contract.has_codec else Verdict(findings, is_valid=True)


def _is_verdict(finding: Finding) -> bool:
    """Return True if a finding says that the text is invalid; a limit of protobuf does not."""
    return not finding.warning and finding.code != "NOT_REPRESENTABLE"


def _describe_disagreement(rejecting: Sequence[str], results: dict[str, tuple[Finding, ...]]) -> str:
    accepting = [who for who in results if who not in rejecting]
    first = next(finding for finding in results[rejecting[0]] if _is_verdict(finding))
    return f"refused by {' and '.join(rejecting)}, accepted by {' and '.join(accepting)}: {first.message}"


def _merge(results: Mapping[str, tuple[Finding, ...]]) -> tuple[AttributedFinding, ...]:
    """Merge findings of several artifacts at, above or below the same location.

    A finding of a later artifact is added unless it is another view of a known fault.
    """
    merged = _FindingMerger()
    for who, findings in results.items():
        for finding in findings:
            merged.add(finding, who)
    return merged.to_sorted()


class _FindingMerger:
    """Findings by location, so that merging takes linear time."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._by: list[list[str]] = []
        self._at: dict[str, list[int]] = {}
        self._below: dict[str, list[int]] = {}

    def add(self, finding: Finding, who: str) -> None:
        """Add a finding, or add its artifact to findings of the same fault."""
        same = [index for index in self._find_near(finding) if _is_same_fault(self._findings[index], finding)]
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
        for outer in _iter_ancestors(finding.pointer):
            self._below.setdefault(outer, []).append(index)

    def _find_near(self, finding: Finding) -> Iterator[int]:
        yield from self._at.get(finding.pointer, ())
        if not finding.warning:
            yield from self._below.get(finding.pointer, ())
            for outer in _iter_ancestors(finding.pointer):
                yield from self._at.get(outer, ())

    def to_sorted(self) -> tuple[AttributedFinding, ...]:
        """Return all findings by location."""
        findings = (AttributedFinding(finding, tuple(by)) for finding, by in zip(self._findings, self._by, strict=True))
        return tuple(sorted(findings, key=lambda one: (one.finding.pointer, one.finding.code, one.finding.message)))


def _iter_ancestors(pointer: str) -> Iterator[str]:
    """Iterate over the pointers of all enclosing values."""
    while pointer:
        pointer = pointer.rpartition("/")[0]
        yield pointer


def _is_same_fault(finding: Finding, other: Finding) -> bool:
    """Return True if two findings, one at or inside the location of the other, are about one fault."""
    return finding.warning == other.warning and (not finding.warning or finding.code == other.code)


# round trip


def _check_round_trip(contract: Contract, text: bytes, findings: tuple[AttributedFinding, ...]) -> Verdict:
    if any(not entry.finding.warning for entry in findings):  # NOT_REPRESENTABLE
        return Verdict(findings, is_valid=True, round_trip=RoundTrip.FAILED)
    back = contract.round_trip(text)
    if not isinstance(back, bytes):
        merged = _merge({"validator": tuple(r.finding for r in findings), "codec": back})
        return Verdict(merged, is_valid=True, round_trip=RoundTrip.FAILED)
    before, after = parse(text), parse(back)
    if are_equal(before, after):
        return Verdict(findings, is_valid=True, round_trip=RoundTrip.EQUAL)
    notes = [entry.finding for entry in findings if entry.finding.code in (UNDECLARED_FIELD, PRECISION_LOST)]
    location = find_difference(_remove_noted(before, notes), _remove_noted(after, notes))
    if location is None:
        return Verdict(findings, is_valid=True, round_trip=RoundTrip.LOSSY)
    message = "the value changed on its way through protobuf without a report"
    return Verdict(
        findings, is_valid=True, round_trip=RoundTrip.LOSSY, loss=Finding(location, "ROUND_TRIP_MISMATCH", message)
    )


def _remove_noted(value: Json, notes: Iterable[Finding]) -> Json:
    """Return a value without the parts that notes report as lost."""
    lost = {finding.pointer for finding in notes}
    return None if "" in lost else _prune(value, "", lost)


def _prune(value: Json, at: str, lost: set[str]) -> Json:
    if isinstance(value, dict):
        inner = {key: (f"{at}/{escape_token(key)}", item) for key, item in value.items()}
        return {key: _prune(item, place, lost) for key, (place, item) in inner.items() if place not in lost}
    if isinstance(value, list):
        return [None if f"{at}/{i}" in lost else _prune(item, f"{at}/{i}", lost) for i, item in enumerate(value)]
    return value
