"""Sources of a baseline: a git ref, a folder, an archive or a descriptor set.

The files of a ref or an archive are extracted to a folder. No network is used.
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
MAX_UNPACKED_BYTES = 512 * 2**20
"""Largest total size of the files of an archive."""
_ARCHIVE_ERRORS = (EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""Errors that the libraries raise for truncated or damaged archives."""

PathFilter = Callable[[str], bool]
FileReader = Callable[[PathFilter], Iterator[tuple[str, bytes]]]
"""Yields the path below the project and the content of each selected file."""


@dataclass(frozen=True, slots=True)
class ProjectFolder:
    """A state that is a project folder on disk."""

    path: Path


@dataclass(frozen=True, slots=True)
class FileTree:
    """A state in a git commit or an archive. `name` is the resolved reference; `extract_files` writes the files."""

    name: str
    files: FileReader


@dataclass(frozen=True, slots=True)
class DescriptorSet:
    """A state that has only compiled protos: a serialized FileDescriptorSet."""

    content: bytes


BaselineSource = ProjectFolder | FileTree | DescriptorSet


def find_baseline(reference: str, root: Path, working: Path) -> BaselineSource | Diagnostic:
    """Return the source that a reference names: a path relative to `working`, or a git ref in the repository of `root`.

    Return a diagnostic if it names both or neither.
    """
    path = working / reference
    commit = _find_commit(root, reference)
    if path.exists() and isinstance(commit, str):
        message = f"{reference} is both a path and a git ref"
        hint = f"write ./{reference} for the path, or the full name of the ref (refs/heads/...)"
        return Diagnostic(BASELINE_AMBIGUOUS, Location(), message, hint)
    if path.is_dir():
        return ProjectFolder(path)
    if path.exists():
        return _open_file(path, reference)
    if isinstance(commit, Diagnostic):
        return commit
    return FileTree(f"{reference} ({commit[:12]})", lambda is_selected: _read_git_files(root, commit, is_selected))


def extract_files(tree: FileTree, is_selected: PathFilter, folder: Path, reference: str) -> Diagnostic | None:
    """Write the selected files of a tree below a folder; return a diagnostic if its archive cannot be unpacked."""
    try:
        for name, content in tree.files(is_selected):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except (ValueError, *_ARCHIVE_ERRORS) as error:
        return _report_unreadable(reference, f"cannot be unpacked: {error}")
    return None


# git


def _find_commit(root: Path, reference: str) -> str | Diagnostic:
    """Return the commit of a ref; for a branch, its merge base with HEAD (decision 15)."""
    try:
        parsed = _run_git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
        if parsed.returncode != 0:
            return _report_missing(root, f"no path and no git ref is named {reference}")
        commit = parsed.stdout.decode().strip()
        return _find_merge_base(root, reference, commit) if _is_branch(root, reference) else commit
    except OSError:
        message = f"no path is named {reference}, and git is not installed"
        return Diagnostic(BASELINE_MISSING, Location(), message, "install git, or name a folder or an archive")


def _is_branch(root: Path, reference: str) -> bool:
    names = _run_git(root, "rev-parse", "--symbolic-full-name", "--end-of-options", reference).stdout.decode().split()
    return bool(names) and names[-1].startswith(("refs/heads/", "refs/remotes/"))


def _find_merge_base(root: Path, reference: str, commit: str) -> str | Diagnostic:
    merge_base = _run_git(root, "merge-base", commit, "HEAD")
    if merge_base.returncode == 0:
        return merge_base.stdout.decode().strip()
    return _report_missing(root, f"{reference} and HEAD have no commit in common")


def _report_missing(root: Path, message: str) -> Diagnostic:
    is_shallow = _run_git(root, "rev-parse", "--is-shallow-repository")
    match is_shallow.stdout.strip():
        case b"true":
            hint = "this clone is shallow; run: git fetch --unshallow (in GitHub's checkout action: fetch-depth: 0)"
        case b"false":
            hint = "list the refs with: git branch --all; a remote branch is named like origin/main"
        case _ if b"not a git repository" in is_shallow.stderr:
            hint = "this is not a git repository; name a folder, an archive or a descriptor set"
        case _:
            hint = f"git reports: {is_shallow.stderr.decode('utf-8', 'replace').strip()}"
    return Diagnostic(BASELINE_MISSING, Location(), message, hint)


def _read_git_files(root: Path, commit: str, is_selected: PathFilter) -> Iterator[tuple[str, bytes]]:
    listing = _run_git(root, "ls-tree", "-r", "-z", commit, "--", ".").stdout.decode("utf-8", "surrogateescape")
    blobs: list[tuple[str, str]] = []
    for line in filter(None, listing.split("\0")):
        attributes, _, name = line.partition("\t")
        mode, _, object_name = attributes.split(" ")
        if mode.startswith("100") and is_selected(name):  # leaves out links and submodules
            blobs.append((name, object_name))
    object_names = "".join(f"{object_name}\n" for _, object_name in blobs).encode()
    objects = io.BytesIO(_run_git(root, "cat-file", "--batch", stdin=object_names).stdout)
    for name, object_name in blobs:
        size = objects.readline().split(b" ")[-1].strip()
        if not size.isdigit():  # in a partial clone, git answers "<object> missing"
            raise ValueError(f"{name} ({object_name}) is missing in this clone; run: git fetch --refetch --no-filter")
        yield name, objects.read(int(size))
        objects.read(1)


def _run_git(root: Path, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(root), *arguments]
    environment = os.environ | {"GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    return subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment)


# files


def _open_file(path: Path, reference: str) -> FileTree | DescriptorSet | Diagnostic:
    try:
        content = path.read_bytes()
    except OSError as error:
        return _report_unreadable(reference, f"cannot be read: {error.strerror}")
    if zipfile.is_zipfile(io.BytesIO(content)):
        return FileTree(reference, lambda is_selected: _strip_top_folder(_read_zip(content), is_selected))
    try:
        with tarfile.open(fileobj=io.BytesIO(content)):
            return FileTree(reference, lambda is_selected: _strip_top_folder(_read_tar(content), is_selected))
    except tarfile.TarError:
        return DescriptorSet(content) if content else _report_unreadable(reference, "is empty")
    except _ARCHIVE_ERRORS as error:
        return _report_unreadable(reference, f"cannot be unpacked: {error}")


def _report_unreadable(reference: str, problem: str) -> Diagnostic:
    hint = "name a git ref, a folder, a zip or tar archive, or a descriptor set"
    return Diagnostic(BASELINE_UNREADABLE, Location(reference), f"the baseline {problem}", hint)


def _read_tar(content: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        remaining = MAX_UNPACKED_BYTES
        for member in archive:
            if not member.isfile():
                continue
            remaining -= member.size
            _check_unpacked_size(remaining)
            file = archive.extractfile(member)
            assert file is not None
            yield member.name, file.read()


def _read_zip(content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        remaining = MAX_UNPACKED_BYTES
        for info in archive.infolist():
            if info.is_dir():
                continue
            with archive.open(info) as file:
                read = file.read(remaining + 1)  # the declared size may be wrong
            remaining -= len(read)
            _check_unpacked_size(remaining)
            yield info.filename, read


def _check_unpacked_size(remaining: int) -> None:
    if remaining < 0:
        raise ValueError(f"the archive unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB")


def _strip_top_folder(members: Iterable[tuple[str, bytes]], is_selected: PathFilter) -> Iterator[tuple[str, bytes]]:
    """Yield the selected members; if all are in one folder, as forges pack them, paths are relative to it."""
    paths = {PurePosixPath(name): content for name, content in members}
    for path in paths:
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"the archive member {path} is outside of the archive")
    top_folders = {path.parts[0] for path in paths if len(path.parts) > 1}
    if len(top_folders) == 1 and all(len(path.parts) > 1 for path in paths):
        paths = {PurePosixPath(*path.parts[1:]): content for path, content in paths.items()}
    for path, content in paths.items():
        if is_selected(path.as_posix()):
            yield path.as_posix(), content
