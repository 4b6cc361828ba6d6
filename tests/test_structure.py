"""ARCHITECTURE.md lists every folder, every layer, and every module that reads, writes, runs programs or prints."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from checkout import ROOT

PACKAGE = ROOT / "generator/wirelock"
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
READS = frozenset({"read_bytes", "read_text", "glob", "rglob", "iterdir", "scandir", "open", "urlopen", "build_opener"})
WRITES = frozenset({"write_bytes", "write_text", "mkdir", "unlink", "rmdir", "touch", "chmod", "fsync", "rmtree"})
TEMPORARY = {"compat/baseline_reader", "emit/pb2"}
"""Modules that write only into temporary folders."""
DATA = {"emit/package", "report/labels"}
"""Modules that read data files of the package through variables."""


def read_table(heading: str) -> dict[str, str]:
    """Return the two-column table below a heading by its first column."""
    section = ARCHITECTURE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| (.*?) \| (.*) \|$", section, re.MULTILINE))


def list_modules(kind: str) -> set[str]:
    """Return the modules in a row of the table of readers and writers."""
    return set(re.findall(r"`([^`]+)`", read_table("Reading, writing and printing")[kind]))


def name_module(path: Path) -> str:
    """Return the name of a module in the tables: its path without suffix, or its folder for `__init__`."""
    name = path.relative_to(PACKAGE).with_suffix("").as_posix()
    return name if name == "cli/__init__" else name.removesuffix("/__init__")


def find_calls(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the object and the name of every call: `os`, `replace`; `open` for writing is `write_bytes`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func, node.args:
                case ast.Attribute(value, "open"), [ast.Constant("wb" | "ab" | "xb" | "w" | "a" | "x"), *_]:
                    yield ast.unparse(value), "write_bytes"
                case ast.Attribute(value, name), _:
                    yield ast.unparse(value), name
                case ast.Name(name), _:
                    yield "", name
                case _:
                    pass


def classify(path: Path) -> set[str]:
    """Return what a module does with files, programs and the terminal."""
    kinds: set[str] = set()
    for holder, name in find_calls(ast.parse(path.read_text("utf-8"))):
        if "files(" in holder or holder.startswith("self"):
            continue  # data files of the package; methods of our own
        if name == "print" or (holder in ("sys.stdout", "sys.stderr") and name == "write"):
            kinds.add("print")
        elif holder == "subprocess" and name in ("run", "Popen"):
            kinds.add("run programs")
        elif name in WRITES or (holder == "os" and name in ("replace", "rename", "write")):
            kinds.add("write files")
        elif name in READS and holder not in (
            "",
            "os",
        ):  # functions of our own; descriptors, mostly for locks and writing
            kinds.add("read files")
    return kinds


def test_every_folder_has_a_line() -> None:
    folders = {
        f"{path.relative_to(PACKAGE).as_posix()}/"
        for path in PACKAGE.rglob("*")
        if path.is_dir() and path.name != "__pycache__" and any(entry.is_file() for entry in path.iterdir())
    }
    lines = {name.strip("`") for name in read_table("Folders")}
    groups = {
        f"{folder.relative_to(PACKAGE).as_posix()}/"
        for folder in (PACKAGE / "explanations").iterdir()
        if folder.is_dir()
    }
    assert lines - {"folder", "---"} == folders - groups | {"explanations/"}


def test_every_module_is_in_a_layer() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    layers = [layer.split(" | ") for layer in contract["layers"]]
    placed = {name for layer in layers for name in layer}
    modules = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert placed == modules - {"__init__", "__main__"}
    assert contract["exhaustive"]


def test_the_page_shows_the_layers_of_the_contract() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    section = ARCHITECTURE.partition("## Layers\n")[2].partition("\n## ")[0]
    shown = [re.split(r" {3,}", line.strip())[0] for line in section.splitlines() if line.startswith("    ")]
    assert shown == contract["layers"]


def test_the_page_names_every_module_that_reads_writes_or_prints() -> None:
    actual: dict[str, set[str]] = {"read files": set(), "write files": set(), "run programs": set(), "print": set()}
    for path in PACKAGE.rglob("*.py"):
        for kind in classify(path):
            actual[kind].add(name_module(path))
    assert actual["print"] == list_modules("print")
    assert actual["run programs"] == list_modules("run programs")
    assert actual["write files"] - TEMPORARY == list_modules("write files")
    assert TEMPORARY == list_modules("write to temporary folders") <= actual["write files"]
    assert actual["read files"] - DATA == list_modules("read files")
