"""Origins of API descriptions and the documents they refer to: a folder or a server."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from wirelock.diagnostics import Diagnostic, Location
from wirelock.source.documents import SOURCE_MISSING, Document, parse_json_document, read_bytes
from wirelock.source.web import fetch
from wirelock.source.yaml import parse_yaml_document

_URL_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
"""The scheme of a URL (RFC 3986, section 3.1); also matches a Windows drive."""


class Origin(Protocol):
    """A source of documents that references must not leave."""

    @property
    def entry(self) -> str:
        """The name of the root document."""
        ...

    def locate(self, base: str, reference: str) -> str | None:
        """Resolve a reference in the document `base` to a document name; None if it leads outside of the origin."""
        ...

    def read(self, name: str) -> Document | Diagnostic:
        """Read a document by name."""
        ...


@dataclass(frozen=True, slots=True)
class FolderOrigin:
    """An origin of documents below a folder; `prefix` precedes their displayed names ("" or "../api/")."""

    root: Path
    prefix: str
    entry: str

    def locate(self, base: str, reference: str) -> str | None:
        """Resolve a relative path inside the folder."""
        if _URL_SCHEME.match(reference) or reference.startswith(("/", "\\")):
            return None
        name = posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))
        inside = name.removeprefix(self.prefix)
        return name if name.startswith(self.prefix) and not inside.startswith(("../", "/")) else None

    def read(self, name: str) -> Document | Diagnostic:
        """Read a JSON or YAML document by name."""
        path = self.root / name.removeprefix(self.prefix)
        if not path.is_file():
            return Diagnostic(SOURCE_MISSING, Location(name), f"the file {name} does not exist", "check the name")
        content = read_bytes(path, self.root, name)
        return content if isinstance(content, Diagnostic) else parse_document(name, content)


@dataclass(frozen=True, slots=True)
class ServerOrigin:
    """An origin of documents on one server; their names are URLs."""

    entry: str

    def locate(self, base: str, reference: str) -> str | None:
        """Resolve a reference to a URL on the same server."""
        try:
            url = urljoin(base, reference)
            return url if urlsplit(url)[:2] == urlsplit(self.entry)[:2] else None
        except ValueError:  # invalid URL
            return None

    def read(self, name: str) -> Document | Diagnostic:
        """Read a JSON or YAML document by URL."""
        content = fetch(name)
        return (
            content
            if isinstance(content, Diagnostic)
            else parse_document(urlsplit(name)._replace(query="").geturl(), content)
        )


def find_origin(source: str, root: Path) -> Origin:
    """Return the origin of a file or URL.

    A file in the project may refer to all files of the project, a file elsewhere only to files in its folder.
    """
    if "://" in source:
        return ServerOrigin(source)
    path = Path(source)
    if path.resolve().is_relative_to(root.resolve()):
        return FolderOrigin(root, "", path.resolve().relative_to(root.resolve()).as_posix())
    folder = path.parent.as_posix()
    prefix = f"{folder}/" if folder != "." else ""
    return FolderOrigin(path.parent, prefix, prefix + path.name)


def parse_document(name: str, content: bytes) -> Document | Diagnostic:
    """Parse a document as JSON or YAML, depending on its name and first character."""
    is_json = name.endswith(".json") or content.lstrip()[:1] in (b"{", b"[")
    return parse_json_document(name, content) if is_json else parse_yaml_document(name, content)
