"""`[tool.wirelock]` in pyproject.toml, or the same keys in wirelock.toml, as one frozen value."""

from __future__ import annotations

import difflib
import keyword
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

from wirelock.config.breaking import Acceptance, Breaking, StatedSeverity, WireCategory, breaking, wrong_breaking
from wirelock.config.linting import LINT_RULES, LintSeverities, linting, wrong_linting
from wirelock.config.recording import redacted, wrong_recording
from wirelock.config.tables import CONFIG_VALUE_INVALID, Table, as_table, items, unknown, wrong
from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.source.dialects import DEFAULT, NAMED

__all__ = [
    "LINT_RULES",
    "Acceptance",
    "Breaking",
    "Config",
    "DialectRule",
    "Expectation",
    "StatedSeverity",
    "UnknownFields",
    "WireCategory",
    "read_config",
    "wrong_dialect",
]

CONFIG_MISSING = Code("CONFIG_MISSING", Severity.ERROR, fatal=True)
CONFIG_UNREADABLE = Code("CONFIG_UNREADABLE", Severity.ERROR, fatal=True)
UnknownFields = Literal["error", "warn", "keep"]
_TAKEN = frozenset({*sys.stdlib_module_names, "docs", "google", "grpc", "pydantic", "wirelock"})
_PACKAGE = re.compile(r"[a-z_][a-z0-9_]*")
_PROTO_PACKAGE = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")
_STRINGS = ("schemas", "proto", "generated", "package", "proto-package", "unknown-fields")
_KEYS = (
    *_STRINGS,
    *("breaking", "dialect", "dialects", "format-assertion", "import", "lint", "record", "verify", "version"),
)
_EXPECT_KEYS = ("recording", "code", "pointer", "reason")
_NOTHING_STATED = Breaking()
_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class Expectation:
    """A finding that is known and accepted: shown with its reason, not failing."""

    recording: str
    code: str
    pointer: str
    reason: str
    where: Location


@dataclass(frozen=True, slots=True)
class DialectRule:
    """The dialect of the schema files that a pattern fits, where they state none themselves."""

    pattern: str
    dialect: str
    where: Location

    def fits(self, path: str) -> bool:
        """Whether a file, relative to the root, is meant: `*` stays in a folder, `**` does not."""
        parts = re.split(r"(\*\*/?|\*|\?)", self.pattern)
        return re.fullmatch("".join(_WILD.get(part, re.escape(part)) for part in parts), path) is not None


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a project may say; folders are relative to `root`, with forward slashes."""

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
    dialect: str = DEFAULT
    dialects: tuple[DialectRule, ...] = ()
    breaking: Breaking = _NOTHING_STATED
    lint: LintSeverities = ()
    redact: tuple[str, ...] = ()

    def dialect_of(self, path: str) -> str:
        """The dialect of a file that states none: that of the last pattern that fits, or the project's."""
        return next((rule.dialect for rule in reversed(self.dialects) if rule.fits(path)), self.dialect)

    @property
    def home(self) -> str:
        """The folder of the generated package."""
        return f"{self.generated}/{self.package}"


def read_config(start: Path) -> Config | tuple[Diagnostic, ...]:
    """The configuration of the project that a folder belongs to; looks upward from there."""
    for folder in (start.resolve(), *start.resolve().parents):
        for name in ("wirelock.toml", "pyproject.toml"):
            if not (folder / name).is_file():
                continue
            table = _read(folder / name)
            if isinstance(table, Diagnostic):
                return (table,)
            if table is not None:
                return _config(folder, table)
    hint = "wirelock init makes a project; or add [tool.wirelock] to pyproject.toml"
    return (Diagnostic(CONFIG_MISSING, Location(), "no wirelock project here or in a folder above", hint),)


def _read(path: Path) -> Table | Diagnostic | None:
    try:
        text = path.read_text("utf-8")
        value = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        line = re.search(r"line (\d+)", str(error))
        where = Location(path.name, int(line[1]) if line else 0, 1 if line else 0)
        return Diagnostic(
            CONFIG_UNREADABLE, where, f"cannot be read: {error}", "mend the file; nothing else was looked at"
        )
    if path.name == "wirelock.toml":
        return Table(path.name, text, value)
    tool = as_table(value.get("tool")) or {}
    own = as_table(tool.get("wirelock"))
    version = (as_table(value.get("project")) or {}).get("version", "")
    return None if own is None else Table(path.name, text, own, str(version))


def _config(root: Path, table: Table) -> Config | tuple[Diagnostic, ...]:
    faults = [*unknown(table, table.keys, _KEYS), *_wrong_values(table)]
    verify = as_table(table.keys.get("verify", {}))
    if verify is None:
        faults.append(wrong(table, "verify", "a table"))
    else:
        faults += [*unknown(table, verify, ("recordings", "expect")), *_wrong_expectations(table, verify)]
    imports = as_table(table.keys.get("import", {}))
    faults += _wrong_imports(table, imports)
    dialects = as_table(table.keys.get("dialects", {}))
    faults += [*_wrong_dialects(table, dialects), *wrong_breaking(table)]
    faults += [*wrong_linting(table), *wrong_recording(table)]
    if faults or verify is None or imports is None or dialects is None:
        return tuple(faults)
    keys = table.keys
    return Config(
        root,
        table.file,
        keys["package"],
        keys.get("proto-package", keys["package"]),
        keys.get("schemas", "schemas"),
        keys.get("proto", "proto"),
        keys.get("generated", "generated"),
        keys.get("unknown-fields", "warn"),
        keys.get("format-assertion", False),
        tuple(verify.get("recordings", ())),
        tuple(_expectation(entry, index, table) for index, entry in enumerate(verify.get("expect", ()))),
        tuple(imports.get("overlays", ())),
        keys.get("dialect", DEFAULT),
        tuple(DialectRule(pattern, name, table.at(pattern)) for pattern, name in dialects.items()),
        breaking(table),
        linting(table),
        redacted(table),
    )


def _expectation(entry: Mapping[str, str], index: int, table: Table) -> Expectation:
    places = [
        table.text.count("\n", 0, match.start()) + 1 for match in re.finditer(r"^\[\[.*expect\]\]", table.text, re.M)
    ]
    where = Location(table.file, places[index] if index < len(places) else 1, 1)
    return Expectation(entry["recording"], entry["code"], entry["pointer"], entry["reason"], where)


def _wrong_values(table: Table) -> list[Diagnostic]:
    faults = [wrong(table, key, "a string") for key in _STRINGS if not isinstance(table.keys.get(key, ""), str)]
    if faults:
        return faults
    if "package" not in table.keys:
        hint = 'the Python package to write: package = "my_api"'
        faults.append(Diagnostic(CONFIG_VALUE_INVALID, Location(table.file, 1, 1), "the key package is missing", hint))
    for key, pattern in (("package", _PACKAGE), ("proto-package", _PROTO_PACKAGE)):
        if key in table.keys and not pattern.fullmatch(table.keys[key]):
            faults.append(wrong(table, key, "a lower-case identifier"))
    if table.keys.get("package") in _TAKEN or keyword.iskeyword(str(table.keys.get("package"))):
        faults.append(wrong(table, "package", "a name that neither Python nor the documents beside it have taken"))
    if table.keys.get("unknown-fields", "warn") not in get_args(UnknownFields):
        faults.append(wrong(table, "unknown-fields", f"one of {', '.join(get_args(UnknownFields))}"))
    if not isinstance(table.keys.get("format-assertion", False), bool):
        faults.append(wrong(table, "format-assertion", "true or false"))
    faults += [
        wrong(table, key, "a folder inside the project")
        for key in _STRINGS[:3]
        if not _inside(table.keys.get(key, key))
    ]
    return faults


def _inside(folder: str) -> bool:
    path = PurePosixPath(folder)
    return (
        bool(path.parts)
        and not path.is_absolute()
        and ".." not in path.parts
        and "\\" not in folder
        and '"' not in folder
    )


def _wrong_expectations(table: Table, verify: Mapping[str, Any]) -> list[Diagnostic]:
    faults: list[Diagnostic] = []
    if not all(isinstance(name, str) for name in items(verify.get("recordings", []))):
        faults.append(wrong(table, "recordings", "a list of file patterns"))
    for stated in items(verify.get("expect", [])):
        entry = as_table(stated)
        if entry is None or any(not isinstance(entry.get(key), str) for key in _EXPECT_KEYS):
            faults.append(wrong(table, "expect", f"a table with {', '.join(_EXPECT_KEYS)}, all strings"))
        else:
            faults += unknown(table, entry, _EXPECT_KEYS)
    return faults


def _wrong_imports(table: Table, imports: Mapping[str, Any] | None) -> list[Diagnostic]:
    if imports is None:
        return [wrong(table, "import", "a table")]
    faults = unknown(table, imports, ("overlays",))
    overlays = items(imports.get("overlays", []))
    if not all(isinstance(name, str) and _inside(name) for name in overlays):
        faults.append(wrong(table, "overlays", "a list of file patterns inside the project"))
    return faults


def _wrong_dialects(table: Table, dialects: Mapping[str, Any] | None) -> list[Diagnostic]:
    if dialects is None:
        return [wrong(table, "dialects", "a table of file patterns, each with the name of a dialect")]
    stated = [("dialect", table.keys.get("dialect", DEFAULT)), *dialects.items()]
    return [fault for key, name in stated if (fault := wrong_dialect(name, table.at(key))) is not None]


def wrong_dialect(name: object, where: Location) -> Diagnostic | None:
    """What is wrong with the name of a dialect, if anything is."""
    if isinstance(name, str) and name in NAMED:
        return None
    near = difflib.get_close_matches(str(name), NAMED, 1, 0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    words = f"there is no dialect {name!r}"
    return Diagnostic(CONFIG_VALUE_INVALID, where, words, f"{hint}dialects are {', '.join(NAMED)}")
