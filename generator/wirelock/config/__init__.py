"""The configuration of a project: `[tool.wirelock]` in pyproject.toml, or the same keys in wirelock.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from wirelock.config.breaking import BreakingSettings, RuleSeverity, Suppression, WireCategory, read_breaking
from wirelock.config.file import ConfigFile
from wirelock.config.validation import check_dialect, check_file
from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.source.dialects import DEFAULT_DIALECT
from wirelock.source.toml import find_toml_positions

__all__ = [
    "BreakingSettings",
    "Config",
    "DialectRule",
    "Expectation",
    "RuleSeverity",
    "Suppression",
    "UnknownFields",
    "WireCategory",
    "check_dialect",
    "read_config",
]

CONFIG_MISSING = Code("CONFIG_MISSING", Severity.ERROR, fatal=True)
CONFIG_UNREADABLE = Code("CONFIG_UNREADABLE", Severity.ERROR, fatal=True)
UnknownFields = Literal["error", "warn", "keep"]
LintSeverities = tuple[tuple[str, Severity | None], ...]
"""Configured severities by rule; None disables a rule."""
_DEFAULT_BREAKING = BreakingSettings()
_WILDCARDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class Expectation:
    """An expected finding, which is reported with its reason and does not fail."""

    recording: str
    code: str
    pointer: str
    reason: str
    location: Location


@dataclass(frozen=True, slots=True)
class DialectRule:
    """The dialect of schema files without `$schema` that match a pattern."""

    pattern: str
    dialect: str
    location: Location

    def matches(self, path: str) -> bool:
        """Return True if the pattern matches a file, relative to the root; `*` does not match slashes, `**` does."""
        parts = re.split(r"(\*\*/?|\*|\?)", self.pattern)
        return re.fullmatch("".join(_WILDCARDS.get(part, re.escape(part)) for part in parts), path) is not None


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of a project; folders are relative to `root`, with forward slashes."""

    root: Path
    file: str
    package: str
    proto_package: str
    schemas: str = "schemas"
    proto: str = "proto"
    generated: str = "generated"
    unknown_fields: UnknownFields = "warn"
    format_assertion: bool = False
    recordings: tuple[str, ...] = ()
    expect: tuple[Expectation, ...] = ()
    overlays: tuple[str, ...] = ()
    dialect: str = DEFAULT_DIALECT
    dialects: tuple[DialectRule, ...] = ()
    breaking: BreakingSettings = _DEFAULT_BREAKING
    lint: LintSeverities = ()
    redact: tuple[str, ...] = ()

    def get_dialect(self, path: str) -> str:
        """Return the dialect of a file without `$schema`: that of the last matching pattern, else the project's."""
        return next((rule.dialect for rule in reversed(self.dialects) if rule.matches(path)), self.dialect)

    @property
    def package_folder(self) -> str:
        """The folder of the generated package."""
        return f"{self.generated}/{self.package}"


def read_config(start: Path) -> Config | tuple[Diagnostic, ...]:
    """Return the configuration in a folder or the nearest folder above it, or the diagnostics of an invalid one."""
    for folder in (start.resolve(), *start.resolve().parents):
        for name in ("wirelock.toml", "pyproject.toml"):
            if not (folder / name).is_file():
                continue
            file = _read_file(folder / name)
            if isinstance(file, Diagnostic):
                return (file,)
            if file is not None:
                return check_file(file) or _build_config(folder, file)
    hint = "run wirelock init to create a project, or add [tool.wirelock] to pyproject.toml"
    return (Diagnostic(CONFIG_MISSING, Location(), "no wirelock project in this folder or a folder above it", hint),)


def _read_file(path: Path) -> ConfigFile | Diagnostic | None:
    """Read a configuration file; returns None for a pyproject.toml without `[tool.wirelock]`."""
    try:
        text = path.read_text("utf-8")
        keys = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        line = re.search(r"line (\d+)", str(error))
        location = Location(path.name, int(line[1]) if line else 0, 1 if line else 0)
        return Diagnostic(CONFIG_UNREADABLE, location, f"cannot read the configuration: {error}", "correct the file")
    if path.name == "wirelock.toml":
        return ConfigFile(path.name, keys, find_toml_positions(text))
    own = _get_table(_get_table(keys, "tool") or {}, "wirelock")
    if own is None:
        return None
    version = str((_get_table(keys, "project") or {}).get("version", ""))
    return ConfigFile(path.name, own, find_toml_positions(text), "/tool/wirelock", version)


def _get_table(keys: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = keys.get(name)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _build_config(root: Path, file: ConfigFile) -> Config:
    """Build the configuration from a valid file."""
    keys = file.keys
    verify: Mapping[str, Any] = keys.get("verify", {})
    lint: Mapping[str, str] = keys.get("lint", {})
    dialects: Mapping[str, str] = keys.get("dialects", {})
    expectations = (
        Expectation(**entry, location=file.locate("verify", "expect", index))
        for index, entry in enumerate(verify.get("expect", ()))
    )
    return Config(
        root=root,
        file=file.name,
        package=keys["package"],
        proto_package=keys.get("proto-package", keys["package"]),
        schemas=keys.get("schemas", "schemas"),
        proto=keys.get("proto", "proto"),
        generated=keys.get("generated", "generated"),
        unknown_fields=keys.get("unknown-fields", "warn"),
        format_assertion=keys.get("format-assertion", False),
        recordings=tuple(verify.get("recordings", ())),
        expect=tuple(expectations),
        overlays=tuple(keys.get("import", {}).get("overlays", ())),
        dialect=keys.get("dialect", DEFAULT_DIALECT),
        dialects=tuple(
            DialectRule(pattern, name, file.locate("dialects", pattern)) for pattern, name in dialects.items()
        ),
        breaking=read_breaking(file),
        lint=tuple((rule, None if value == "off" else Severity(value)) for rule, value in sorted(lint.items())),
        redact=tuple(keys.get("record", {}).get("redact", ())),
    )
