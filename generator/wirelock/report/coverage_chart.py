"""Coverage as a picture: what there is of services, methods and types, and how much of it was exercised."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wirelock.diagnostics import Case, Coverage, Report
from wirelock.report.bar_chart import Segment, stacked
from wirelock.runtime.json.formatting import counted

MOST_MISSED = 60
"""How many names of what was never exercised are listed for one type."""
MOST_OPEN = 24
"""A service or package with more rows is folded at first."""
_TYPE = re.compile(r"(?:[^./\s\[]+/)*[^./\s\[]+")
_OUTCOMES = ("conforming", "violating", "undocumented_status", "undocumented_media_type", "stream", "no_body")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing, all in all."""

    name: str
    covered: int
    total: int
    bar: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One method or type; `search` finds what was found in it."""

    name: str
    words: str
    bar: tuple[Segment, ...]
    never: bool = False
    missed: tuple[str, ...] = ()
    left_out: int = 0
    search: str = ""

    @property
    def gap(self) -> bool:
        """Whether anything of it was never exercised."""
        return self.never or bool(self.missed)


@dataclass(frozen=True, slots=True)
class Block:
    """The methods of one service, or the types of one package."""

    name: str
    unit: str
    covered: int
    total: int
    rows: tuple[Row, ...]

    @property
    def bar(self) -> tuple[Segment, ...]:
        """How much of it was exercised."""
        return stacked([("exercised", self.covered)], self.total)

    @property
    def open(self) -> bool:
        """Whether it is unfolded at first."""
        return len(self.rows) <= MOST_OPEN


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is shown of the coverage."""

    kinds: tuple[Kind, ...]
    services: tuple[Block, ...]
    legend: tuple[Segment, ...]


def picture(report: Report) -> Picture | None:
    """What the recordings of a report exercised; None where there was nothing to exercise."""
    known = [one for one in report.coverage if one.covered or one.missed]
    if not known:
        return None
    blocks: list[Block] = []
    for one in known:
        if one.kind == "methods":
            blocks += _services(one, report.cases)
    blocks += _packages([one for one in known if one.kind != "methods"])
    looks = {segment.name: segment for block in blocks for row in block.rows for segment in row.bar}
    totals: Counter[str] = Counter()
    for case in report.cases:
        totals[case.outcome.replace("_", " ")] += case.times
    legend = [(name, totals[name]) for name in looks if totals[name]]
    return Picture(tuple(map(_kind, known)), tuple(blocks), stacked(legend, 1))


def _kind(one: Coverage) -> Kind:
    covered, total = len(one.covered), len(one.covered) + len(one.missed)
    return Kind(one.kind, covered, total, stacked([("exercised", covered)], total))


# methods by service


def _services(methods: Coverage, cases: Iterable[Case]) -> Iterator[Block]:
    by_method: dict[str, Counter[str]] = {}
    for case in cases:
        by_method.setdefault(case.rpc, Counter())[case.outcome] += case.times
    most = max((outcomes.total() for rpc, outcomes in by_method.items() if rpc), default=1)
    services: dict[str, list[Row]] = {}
    covered = set(methods.covered)
    for rpc in sorted((*methods.covered, *methods.missed)):
        service, _, name = rpc.rpartition(".")
        row = _method(rpc, name, by_method.get(rpc, Counter()), most, rpc not in covered)
        services.setdefault(service, []).append(row)
    for service, rows in services.items():
        yield Block(service, "methods", sum(not row.never for row in rows), len(rows), tuple(rows))


def _method(rpc: str, name: str, outcomes: Mapping[str, int], most: int, never: bool) -> Row:
    total = sum(outcomes.values())
    bar = stacked(((outcome, outcomes.get(outcome, 0)) for outcome in _OUTCOMES), most)
    return Row(name, counted(total, "exchange") if total else "exercised", bar, never, search=rpc)


# fields, enum values and branches by type


def _packages(kinds: Sequence[Coverage]) -> Iterator[Block]:
    types: dict[str, tuple[list[str], list[str]]] = {}
    for one in kinds:
        for at, names in enumerate((one.covered, one.missed)):
            for name in names:
                types.setdefault(_type(name), ([], []))[at].append(name)
    packages: dict[str, list[str]] = {}
    for type in sorted(types):
        packages.setdefault(type.rpartition("/")[0] or "types", []).append(type)
    for package, inside in packages.items():
        rows = tuple(_row(name, *types[name]) for name in inside)
        covered = sum(len(types[name][0]) for name in inside)
        total = covered + sum(len(types[name][1]) for name in inside)
        yield Block(package, "fields, values and branches", covered, total, rows)


def _row(name: str, covered: Sequence[str], missed: Sequence[str]) -> Row:
    total = len(covered) + len(missed)
    bar = stacked([("exercised", len(covered)), ("never exercised", len(missed))], total)
    short = tuple(one.removeprefix(name).lstrip(". ") or one for one in missed[:MOST_MISSED])
    left = max(0, len(missed) - MOST_MISSED)
    return Row(name.rpartition("/")[2], f"{len(covered)} of {total}", bar, not covered, short, left)


def _type(name: str) -> str:
    found = _TYPE.match(name)
    return found[0] if found else name
