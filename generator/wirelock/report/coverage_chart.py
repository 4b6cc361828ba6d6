"""The coverage chart: services, methods and types, and how much of them the traffic exercised."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wirelock.diagnostics import Case, Coverage, Outcome, Report
from wirelock.report.bar_chart import Segment, stack
from wirelock.runtime.json.formatting import format_count

MAX_MISSED = 60
"""Maximum number of unexercised names listed per type."""
MAX_OPEN_ROWS = 24
"""A service or package with more rows starts folded."""
_TYPE = re.compile(r"(?:[^./\s\[]+/)*[^./\s\[]+")
_OUTCOMES = tuple(outcome for outcome in Outcome if outcome is not Outcome.UNMATCHED)


@dataclass(frozen=True, slots=True)
class CoverageKind:
    """Totals of one kind of element."""

    name: str
    covered: int
    total: int
    bar: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One method or type; `search` selects its findings."""

    name: str
    label: str
    bar: tuple[Segment, ...]
    never: bool = False
    missed: tuple[str, ...] = ()
    left_out: int = 0
    search: str = ""

    @property
    def has_gap(self) -> bool:
        """True if some of it was never exercised."""
        return self.never or bool(self.missed)


@dataclass(frozen=True, slots=True)
class CoverageBlock:
    """The methods of one service, or the types of one package."""

    name: str
    unit: str
    covered: int
    total: int
    rows: tuple[CoverageRow, ...]

    @property
    def bar(self) -> tuple[Segment, ...]:
        """The exercised share."""
        return stack([("exercised", self.covered)], self.total)

    @property
    def is_open(self) -> bool:
        """True if it starts unfolded."""
        return len(self.rows) <= MAX_OPEN_ROWS


@dataclass(frozen=True, slots=True)
class CoverageChart:
    """The whole coverage chart."""

    kinds: tuple[CoverageKind, ...]
    services: tuple[CoverageBlock, ...]
    legend: tuple[Segment, ...]


def build_chart(report: Report) -> CoverageChart | None:
    """Build the coverage chart of a report, or return None if nothing can be covered."""
    coverages = [coverage for coverage in report.coverage if coverage.covered or coverage.missed]
    if not coverages:
        return None
    blocks: list[CoverageBlock] = []
    for coverage in coverages:
        if coverage.kind == "methods":
            blocks += _build_services(coverage, report.cases)
    blocks += _build_packages([coverage for coverage in coverages if coverage.kind != "methods"])
    looks = {segment.name: segment for block in blocks for row in block.rows for segment in row.bar}
    totals: Counter[str] = Counter()
    for case in report.cases:
        totals[case.outcome.replace("_", " ")] += case.occurrences
    legend = [(name, totals[name]) for name in looks if totals[name]]
    return CoverageChart(tuple(map(_build_kind, coverages)), tuple(blocks), stack(legend, 1))


def _build_kind(coverage: Coverage) -> CoverageKind:
    covered, total = len(coverage.covered), len(coverage.covered) + len(coverage.missed)
    return CoverageKind(coverage.kind, covered, total, stack([("exercised", covered)], total))


# methods by service


def _build_services(methods: Coverage, cases: Iterable[Case]) -> Iterator[CoverageBlock]:
    by_method: dict[str, Counter[str]] = {}
    for case in cases:
        by_method.setdefault(case.rpc, Counter())[case.outcome] += case.occurrences
    most = max((outcomes.total() for rpc, outcomes in by_method.items() if rpc), default=1)
    services: dict[str, list[CoverageRow]] = {}
    covered = set(methods.covered)
    for rpc in sorted((*methods.covered, *methods.missed)):
        service, _, name = rpc.rpartition(".")
        row = _build_method_row(rpc, name, by_method.get(rpc, Counter()), most, rpc not in covered)
        services.setdefault(service, []).append(row)
    for service, rows in services.items():
        yield CoverageBlock(service, "methods", sum(not row.never for row in rows), len(rows), tuple(rows))


def _build_method_row(rpc: str, name: str, outcomes: Mapping[str, int], most: int, never: bool) -> CoverageRow:
    total = sum(outcomes.values())
    bar = stack(((outcome, outcomes.get(outcome, 0)) for outcome in _OUTCOMES), most)
    return CoverageRow(name, format_count(total, "exchange") if total else "exercised", bar, never, search=rpc)


# fields, enum values and branches by type


def _build_packages(kinds: Sequence[Coverage]) -> Iterator[CoverageBlock]:
    types: dict[str, tuple[list[str], list[str]]] = {}
    for coverage in kinds:
        for at, names in enumerate((coverage.covered, coverage.missed)):
            for name in names:
                types.setdefault(_parse_type(name), ([], []))[at].append(name)
    packages: dict[str, list[str]] = {}
    for type in sorted(types):
        packages.setdefault(type.rpartition("/")[0] or "types", []).append(type)
    for package, names_inside in packages.items():
        rows = tuple(_build_type_row(name, *types[name]) for name in names_inside)
        covered = sum(len(types[name][0]) for name in names_inside)
        total = covered + sum(len(types[name][1]) for name in names_inside)
        yield CoverageBlock(package, "fields, values and branches", covered, total, rows)


def _build_type_row(name: str, covered: Sequence[str], missed: Sequence[str]) -> CoverageRow:
    total = len(covered) + len(missed)
    bar = stack([("exercised", len(covered)), ("never exercised", len(missed))], total)
    short = tuple(element.removeprefix(name).lstrip(". ") or element for element in missed[:MAX_MISSED])
    left_out = max(0, len(missed) - MAX_MISSED)
    return CoverageRow(name.rpartition("/")[2], f"{len(covered)} of {total}", bar, not covered, short, left_out)


def _parse_type(name: str) -> str:
    match = _TYPE.match(name)
    return match[0] if match else name
