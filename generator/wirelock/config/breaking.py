"""`[tool.wirelock.breaking]`: settings of the compatibility check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wirelock.config.file import ConfigFile
from wirelock.diagnostics import Location, Severity

WireCategory = Literal["FILE", "PACKAGE", "WIRE_JSON", "WIRE"]
_RELEASE = re.compile(r"v?(\d+(?:\.\d+)*)")


@dataclass(frozen=True, slots=True)
class RuleSeverity:
    """The configured severity of a rule."""

    rule: str
    severity: Severity
    location: Location


@dataclass(frozen=True, slots=True)
class Suppression:
    """An accepted breaking change, with a reason; it expires at the version `until`, or never if that is "".

    `element` is the full name of a proto element, or a location in the schemas: `file#pointer`.
    """

    rule: str
    element: str
    reason: str
    until: str
    location: Location


@dataclass(frozen=True, slots=True)
class BreakingSettings:
    """Settings of the compatibility check.

    `against` is the baseline of `check`, "" for no comparison. `wire` is the category of wire rules, which includes
    weaker categories (decision 0015). `version` is the version of the project, "" if unknown.
    """

    against: str = ""
    wire: WireCategory = "PACKAGE"
    severities: tuple[RuleSeverity, ...] = ()
    accept: tuple[Suppression, ...] = ()
    version: str = ""


def parse_release(version: str) -> tuple[int, ...] | None:
    """Return the leading numbers of a version without trailing zeros (1.2.0rc1 gives 1, 2), or None without numbers."""
    match = _RELEASE.match(version)
    if match is None:
        return None
    numbers = [int(part) for part in match[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def read_breaking(file: ConfigFile) -> BreakingSettings:
    """Return the settings in a valid file."""
    table: Mapping[str, Any] = file.keys.get("breaking", {})
    severities = (
        RuleSeverity(rule, Severity(severity), file.locate("breaking", "severities", rule))
        for rule, severity in table.get("severities", {}).items()
    )
    suppressions = (
        Suppression(
            entry["rule"],
            entry["element"],
            entry["reason"],
            entry.get("until", ""),
            file.locate("breaking", "accept", index),
        )
        for index, entry in enumerate(table.get("accept", ()))
    )
    return BreakingSettings(
        table.get("against", ""), table.get("wire", "PACKAGE"), tuple(severities), tuple(suppressions), file.version
    )
