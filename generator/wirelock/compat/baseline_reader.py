"""An earlier state of a project: a git ref, a folder, an archive or a descriptor set; nothing is fetched.

What is read of it is laid out in a folder, so that it is a project like any other from there on.
"""

from __future__ import annotations

import io
import lzma
import os
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from wirelock.diagnostics import Code, Diagnostic, Location, Severity

BASELINE_MISSING = Code("BASELINE_MISSING", Severity.ERROR, fatal=True)
BASELINE_AMBIGUOUS = Code("BASELINE_AMBIGUOUS", Severity.ERROR, fatal=True)
BASELINE_UNREADABLE = Code("BASELINE_UNREADABLE", Severity.ERROR, fatal=True)
MOST_BYTES = 512 * 2**20
"""How much an archive may unpack to."""
_BROKEN = (EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What the libraries raise for archives that are cut or damaged."""

Wanted = Callable[[str], bool]
Files = Callable[[Wanted], Iterator[tuple[str, bytes]]]
"""The wanted files of a tree, by their path below the project."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A state that is on disk as a project."""

    path: Path


@dataclass(frozen=True, slots=True)
class Tree:
    """A state that is kept elsewhere; `lay_out` writes its files. `name` is what the reference turned out to be."""

    name: str
    files: Files


@dataclass(frozen=True, slots=True)
class Descriptors:
    """A state of which only the compiled protos are there: a serialised FileDescriptorSet."""

    content: bytes


Baseline = Folder | Tree | Descriptors


def baseline(reference: str, root: Path, working: Path) -> Baseline | Diagnostic:
    """What a reference names: a path, from the working folder, or a git ref in the repository that holds `root`."""
    path = working / reference
    commit = _commit(root, reference)
    if path.exists() and isinstance(commit, str):
        words = f"{reference} is a path and a git ref"
        return Diagnostic(
            BASELINE_AMBIGUOUS, Location(), words, f"write ./{reference}, or the whole ref (refs/heads/...)"
        )
    if path.is_dir():
        return Folder(path)
    if path.exists():
        return _file(path, reference)
    if isinstance(commit, Diagnostic):
        return commit
    return Tree(f"{reference} ({commit[:12]})", lambda wanted: _git_files(root, commit, wanted))


def lay_out(tree: Tree, wanted: Wanted, folder: Path, reference: str) -> Diagnostic | None:
    """Write the wanted files of a tree below a folder; gives what is wrong with an archive that does not unpack."""
    try:
        for name, content in tree.files(wanted):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except (ValueError, *_BROKEN) as error:
        return _unreadable(reference, f"cannot be unpacked: {error}")
    return None


# git


def _commit(root: Path, reference: str) -> str | Diagnostic:
    """The commit that a ref names; for a branch the one at which the work in hand left it (decision 15)."""
    try:
        found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
        if found.returncode != 0:
            return _missing(root, f"there is no path and no git ref {reference}")
        commit = found.stdout.decode().strip()
        return _merge_base(root, reference, commit) if _is_branch(root, reference) else commit
    except OSError:
        words = f"there is no path {reference}, and git, which might know it, is not installed"
        return Diagnostic(BASELINE_MISSING, Location(), words, "install git, or name a folder or an archive")


def _is_branch(root: Path, reference: str) -> bool:
    named = _git(root, "rev-parse", "--symbolic-full-name", "--end-of-options", reference).stdout.decode().split()
    return bool(named) and named[-1].startswith(("refs/heads/", "refs/remotes/"))


def _merge_base(root: Path, reference: str, commit: str) -> str | Diagnostic:
    found = _git(root, "merge-base", commit, "HEAD")
    if found.returncode == 0:
        return found.stdout.decode().strip()
    return _missing(root, f"{reference} and what is checked out have no commit in common")


def _missing(root: Path, words: str) -> Diagnostic:
    asked = _git(root, "rev-parse", "--is-shallow-repository")
    match asked.stdout.strip():
        case b"true":
            hint = "this clone is shallow: git fetch --unshallow (in GitHub's checkout action: fetch-depth: 0)"
        case b"false":
            hint = "see: git branch --all; a remote branch is written origin/main, and one commit by its hash"
        case _ if b"not a git repository" in asked.stderr:
            hint = "this is no git repository: name a folder, an archive or a descriptor set"
        case _:
            hint = f"git says: {asked.stderr.decode('utf-8', 'replace').strip()}"
    return Diagnostic(BASELINE_MISSING, Location(), words, hint)


def _git_files(root: Path, commit: str, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    listed = _git(root, "ls-tree", "-r", "-z", commit, "--", ".").stdout.decode("utf-8", "surrogateescape")
    blobs: list[tuple[str, str]] = []
    for line in filter(None, listed.split("\0")):
        facts, _, name = line.partition("\t")
        mode, _, identity = facts.split(" ")
        if mode.startswith("100") and wanted(name):  # no links, no submodules
            blobs.append((name, identity))
    asked = "".join(f"{identity}\n" for _, identity in blobs).encode()
    answer = io.BytesIO(_git(root, "cat-file", "--batch", given=asked).stdout)
    for name, identity in blobs:
        size = answer.readline().split(b" ")[-1].strip()
        if not size.isdigit():  # a partial clone: git answers "<identity> missing"
            raise ValueError(f"{name} ({identity}) is not in this clone: git fetch --refetch --no-filter")
        yield name, answer.read(int(size))
        answer.read(1)


def _git(root: Path, *arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(root), *arguments]
    environment = os.environ | {"GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    return subprocess.run(command, input=given, capture_output=True, check=False, env=environment)


# files


def _file(path: Path, reference: str) -> Tree | Descriptors | Diagnostic:
    try:
        content = path.read_bytes()
    except OSError as error:
        return _unreadable(reference, f"cannot be read: {error.strerror}")
    if zipfile.is_zipfile(io.BytesIO(content)):
        return Tree(reference, lambda wanted: _below_the_top(_unzipped(content), wanted))
    try:
        with tarfile.open(fileobj=io.BytesIO(content)):
            return Tree(reference, lambda wanted: _below_the_top(_untarred(content), wanted))
    except tarfile.TarError:
        return Descriptors(content) if content else _unreadable(reference, "is empty")
    except _BROKEN as error:
        return _unreadable(reference, f"cannot be unpacked: {error}")


def _unreadable(reference: str, words: str) -> Diagnostic:
    hint = "a baseline is a git ref, a folder, a zip or tar archive, or a descriptor set"
    return Diagnostic(BASELINE_UNREADABLE, Location(reference), f"the baseline {words}", hint)


def _untarred(content: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        left = MOST_BYTES
        for member in archive:
            if not member.isfile():
                continue
            left -= member.size
            _refuse_bombs(left)
            file = archive.extractfile(member)
            assert file is not None
            yield member.name, file.read()


def _unzipped(content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        left = MOST_BYTES
        for info in archive.infolist():
            if info.is_dir():
                continue
            with archive.open(info) as file:
                read = file.read(left + 1)  # the size that the archive states may be a lie
            left -= len(read)
            _refuse_bombs(left)
            yield info.filename, read


def _refuse_bombs(left: int) -> None:
    if left < 0:
        raise ValueError(f"the archive unpacks to more than {MOST_BYTES >> 20} MiB")


def _below_the_top(members: Iterable[tuple[str, bytes]], wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    """The wanted members; where all are in one folder, as forges pack them, that folder is the project."""
    paths = {PurePosixPath(name): content for name, content in members}
    if any(path.is_absolute() or ".." in path.parts for path in paths):
        raise ValueError("the archive has names that lead out of it")
    tops = {path.parts[0] for path in paths if len(path.parts) > 1}
    if len(tops) == 1 and all(len(path.parts) > 1 for path in paths):
        paths = {PurePosixPath(*path.parts[1:]): content for path, content in paths.items()}
    for path, content in paths.items():
        if wanted(path.as_posix()):
            yield path.as_posix(), content
