"""`[tool.wirelock.breaking]`: what changes are held against, and which of them may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from wirelock.config.tables import CONFIG_VALUE_INVALID, Table, as_table, items, unknown, wrong
from wirelock.diagnostics import Diagnostic, Location, Severity

WireCategory = Literal["FILE", "PACKAGE", "WIRE_JSON", "WIRE"]
_KEYS = ("against", "wire", "severities", "accept")
_ACCEPT_KEYS = ("rule", "element", "reason", "until")
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")


@dataclass(frozen=True, slots=True)
class StatedSeverity:
    """How much what a rule finds weighs in this project."""

    rule: str
    severity: Severity
    where: Location


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A break that is accepted, with a reason, until the project has a version ("": for good).

    `element` is a full proto name, or a place in the schemas: `file#pointer`.
    """

    rule: str
    element: str
    reason: str
    until: str
    where: Location


@dataclass(frozen=True, slots=True)
class Breaking:
    """What the breaking check is told.

    `against` is empty where `check` is not to compare; `wire` is the category of rules about protos that counts, with
    those that it includes (decision 15); `version` is the project's own, empty where none is known.
    """

    against: str = ""
    wire: WireCategory = "PACKAGE"
    severities: tuple[StatedSeverity, ...] = ()
    accept: tuple[Acceptance, ...] = ()
    version: str = ""


def release(version: str) -> tuple[int, ...] | None:
    """The numbers at the beginning of a version, without zeros at their end: 1.2.0rc1 gives 1, 2; None without any."""
    found = _VERSION.match(version)
    if found is None:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def breaking(table: Table) -> Breaking:
    """The values of a table in which nothing is wrong."""
    stated: Mapping[str, Any] = table.keys.get("breaking", {})
    severities = (
        StatedSeverity(rule, Severity(word), table.inside("severities", rule))
        for rule, word in stated.get("severities", {}).items()
    )
    places = _places(table)
    accepted = (
        Acceptance(entry["rule"], entry["element"], entry["reason"], entry.get("until", ""), next(places))
        for entry in stated.get("accept", ())
    )
    return Breaking(
        stated.get("against", ""), stated.get("wire", "PACKAGE"), tuple(severities), tuple(accepted), version(table)
    )


def version(table: Table) -> str:
    """The version of the project: the key of its configuration, or that of the package beside it."""
    return str(table.keys.get("version", "") or table.version)


def wrong_breaking(table: Table) -> list[Diagnostic]:
    """What is wrong with the table, and with the version of the project, which it is about."""
    faults = _wrong_version(table)
    stated = as_table(table.keys.get("breaking", {}))
    if stated is None:
        return [*faults, wrong(table, "breaking", "a table")]
    faults += unknown(table, stated, _KEYS)
    if not isinstance(stated.get("against", "x"), str) or stated.get("against") == "":
        faults.append(wrong(table, "against", "a git ref, a folder, an archive or a descriptor set"))
    if stated.get("wire", "WIRE") not in get_args(WireCategory):
        faults.append(wrong(table, "wire", f"one of {', '.join(get_args(WireCategory))}"))
    return [*faults, *_wrong_severities(table, stated), *_wrong_acceptances(table, stated)]


def _wrong_version(table: Table) -> list[Diagnostic]:
    stated = table.keys.get("version", "0")
    sound = isinstance(stated, str) and release(stated) is not None
    return [] if sound else [wrong(table, "version", 'the version of the project, such as "1.4.0"')]


def _wrong_severities(table: Table, stated: Mapping[str, Any]) -> list[Diagnostic]:
    severities = as_table(stated.get("severities", {}))
    if severities is None:
        return [wrong(table, "severities", "a table of rules, each with error, warning or note")]
    words = ", ".join(Severity)
    return [
        Diagnostic(
            CONFIG_VALUE_INVALID,
            table.inside("severities", rule),
            f"{rule} has a value that it cannot have",
            f"it must be one of {words}",
        )
        for rule, word in severities.items()
        if word not in list(Severity)
    ]


def _wrong_acceptances(table: Table, stated: Mapping[str, Any]) -> list[Diagnostic]:
    places = _places(table)
    return [
        fault for entry in items(stated.get("accept", [])) for fault in _wrong_acceptance(table, entry, next(places))
    ]


def _wrong_acceptance(table: Table, stated: object, where: Location) -> Iterator[Diagnostic]:
    entry = as_table(stated)
    if entry is None or any(not isinstance(entry.get(key), str) or not entry[key] for key in _ACCEPT_KEYS[:3]):
        wanted = "it must be tables with rule, element and reason, all strings, and until if it is not for good"
        yield Diagnostic(CONFIG_VALUE_INVALID, where, "accept has a value that it cannot have", wanted)
        return
    yield from (replace(fault, where=where) for fault in unknown(table, entry, _ACCEPT_KEYS))
    until = entry.get("until", "0")
    if not isinstance(until, str) or release(until) is None:
        hint = 'it must be the first version that no longer has it, such as "2.0.0"'
        yield Diagnostic(CONFIG_VALUE_INVALID, where, "until has a value that it cannot have", hint)
    elif "until" in entry and release(version(table)) is None:
        hint = 'say which version this is: version = "1.4.0" beside package, or in [project]'
        yield Diagnostic(CONFIG_VALUE_INVALID, where, "until is about the version of the project, which has none", hint)


def _places(table: Table) -> Iterator[Location]:
    """The line of each acceptance, in their order; without end, the last ones at the key itself."""
    key = table.at("accept")
    lines = table.text.splitlines()
    yield from (
        Location(table.file, number, 1)
        for number in range(key.line, len(lines) + 1)
        for _ in re.findall(r"(?<![\w.\-])rule\s*=", lines[number - 1])
    )
    while True:
        yield key
