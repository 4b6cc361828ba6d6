"""breaking: what changed since an earlier state of a project, and whom it breaks."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message import DecodeError

from wirelock.api.progress import Progress, silent
from wirelock.build import Build, build
from wirelock.compat.acceptances import accepted
from wirelock.compat.changes import Policy, changes
from wirelock.compat.json import Side, json_changes
from wirelock.compat.places import Places, places
from wirelock.compat.uses import uses
from wirelock.compat.wire.rules import wire_changes
from wirelock.config import Config, read_config
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, in_order
from wirelock.emit.pb2 import compiled_protos
from wirelock.emit.proto import Dress, printed
from wirelock.prove.reference import Reference
from wirelock.source.baselines import BASELINE_UNREADABLE, Descriptors, Folder, Tree, baseline, lay_out

BASELINE_EMPTY = Code("BASELINE_EMPTY", Severity.ERROR, fatal=True)
BASELINE_NOT_SET = Code("BASELINE_NOT_SET", Severity.ERROR, fatal=True)
_CONFIGURATION = ("wirelock.toml", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class _Earlier:
    """An earlier state: its compiled protos, and its schemas where it has any."""

    protos: FileDescriptorSet
    build: Build | None


def breaking(config: Config, against: str = "", progress: Progress = silent) -> Report:
    """Compare a project with an earlier state of it: a git ref, a folder, an archive or a descriptor set.

    Without `against`, that of the configuration.
    """
    reference = against or config.breaking.against
    if not reference:
        hint = 'name it: wirelock breaking --against origin/main, or [tool.wirelock.breaking] against = "origin/main"'
        return Report((Diagnostic(BASELINE_NOT_SET, Location(config.file), "there is nothing to compare with", hint),))
    return compared(build(config), reference, progress)


def compared(built: Build, reference: str, progress: Progress) -> Report:
    """Compare a build with an earlier state."""
    if not built.sound:
        return Report(built.diagnostics)
    progress(f"reading {reference}", 0, 3)
    with tempfile.TemporaryDirectory(prefix="wirelock-") as folder:
        earlier = _earlier(reference, built.config, Path(folder))
    if isinstance(earlier, tuple):
        return Report(earlier)
    progress("comparing the protos", 1, 3)
    protos = compiled_protos(printed(built, Dress()))
    assert isinstance(protos, FileDescriptorSet), protos  # what our own plan prints
    wire = wire_changes(earlier.protos, protos)
    progress("comparing the schemas", 2, 3)
    json = json_changes(_side(earlier.build), _side(built)) if earlier.build else ()
    graphs = [built.graph, *([earlier.build.graph] if earlier.build else [])]
    stated = built.config.breaking
    policy = Policy(stated.wire, stated.severities, uses(graphs))
    before = places(earlier.build) if earlier.build else Places({}, built.config.schemas)
    found = changes(wire, json, before, places(built), policy)
    marked = accepted(found, stated.accept, stated.version)
    return Report(in_order(marked), {"breaking": _summary(reference, earlier, marked)})


def _side(built: Build) -> Side:
    config = built.config
    reference = Reference(built.documents, config.format_assertion)
    documents = {file: document.value for file, document in built.documents.items()}
    return Side(built.graph, config.unknown_fields, reference.is_valid, documents)


def _summary(reference: str, earlier: _Earlier, found: Iterable[Diagnostic]) -> dict[str, int | str]:
    told = [diagnostic for diagnostic in found if diagnostic.change is not None]
    broken = Counter(
        side
        for diagnostic in told
        if diagnostic.level is Severity.ERROR and (verdicts := diagnostic.change) is not None
        for side, breaks in (
            ("wire", bool(verdicts.wire)),
            ("JSON backward", verdicts.backward == "broken"),
            ("JSON forward", verdicts.forward == "broken"),
        )
        if breaks
    )
    counts: dict[str, int | str] = {"against": reference, "changes": len(told), **broken}
    counts |= {"accepted": sum(bool(diagnostic.expected) for diagnostic in told)}
    return counts if earlier.build else {**counts, "JSON": "not compared, a descriptor set has no schemas"}


# the earlier state


def _earlier(reference: str, config: Config, folder: Path) -> _Earlier | tuple[Diagnostic, ...]:
    match baseline(reference, config.root, Path.cwd()):
        case Diagnostic() as missing:
            return (missing,)
        case Descriptors(content):
            return _of_descriptors(content, reference)
        case Folder(path):
            return _of_folder(path, reference)
        case Tree() as tree:
            trouble = _laid_out(tree, folder, reference)
            return (trouble,) if trouble else _of_folder(folder, reference)


def _laid_out(tree: Tree, folder: Path, reference: str) -> Diagnostic | None:
    """Lay out what a project needs: its configuration, and the folders that this one names."""
    trouble = lay_out(tree, lambda name: name in _CONFIGURATION, folder, reference)
    earlier = read_config(folder)
    if trouble or not isinstance(earlier, Config):
        return trouble
    kept = (f"{earlier.schemas}/", f"{earlier.proto}/")
    return lay_out(tree, lambda name: name.startswith(kept), folder, reference)


def _of_folder(folder: Path, reference: str) -> _Earlier | tuple[Diagnostic, ...]:
    config = read_config(folder)
    if not isinstance(config, Config):
        is_absent = all(diagnostic.code.id == "CONFIG_MISSING" for diagnostic in config)
        return (_empty(reference),) if is_absent else _unusable(reference, config)
    if config.root != folder.resolve():
        return (_empty(reference),)
    built = build(config)
    if not built.sound:
        is_empty = all(diagnostic.code.id in ("NO_SCHEMAS", "SOURCE_MISSING") for diagnostic in built.diagnostics)
        return (_empty(reference),) if is_empty else _unusable(reference, built.diagnostics)
    protos = compiled_protos(_protos(config) or printed(built, Dress()))
    if isinstance(protos, str):
        return _unusable(reference, (Diagnostic(BASELINE_UNREADABLE, Location(config.proto), protos),))
    return _Earlier(protos, built)


def _protos(config: Config) -> dict[str, str]:
    """The protos that were committed: what was given to users, whatever this version of wirelock would print."""
    folder = config.root / config.proto
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.proto"))}


def _of_descriptors(content: bytes, reference: str) -> _Earlier | tuple[Diagnostic, ...]:
    try:
        protos = FileDescriptorSet.FromString(content)
    except DecodeError:
        protos = FileDescriptorSet()
    if not any(file.name for file in protos.file):
        words = "the baseline is neither an archive nor a descriptor set"
        hint = "buf build -o old.binpb and protoc --include_imports --descriptor_set_out=old.binpb write one"
        return (Diagnostic(BASELINE_UNREADABLE, Location(reference), words, hint),)
    return _Earlier(protos, None)


def _empty(reference: str) -> Diagnostic:
    words = f"there is no wirelock project with schemas in {reference}"
    return Diagnostic(BASELINE_EMPTY, Location(), words, "name a state in which the project was there already")


def _unusable(reference: str, found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What is wrong with the earlier state; it was right once, so each is told with the state's name before it."""
    return tuple(
        Diagnostic(
            BASELINE_UNREADABLE,
            replace(one.where, file=f"{reference}:{one.where.file}"),
            one.message,
            one.hint or "name another state, or one that this version of wirelock understands",
        )
        for one in found
        if one.fails
    )
