"""Where an API description and the documents it refers to come from: one folder, or one server."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from wirelock.diagnostics import Diagnostic, Location
from wirelock.source.documents import SOURCE_MISSING, Document, json_document, read_bytes
from wirelock.source.web import fetch
from wirelock.source.yaml import yaml_document

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
"""How an address begins (RFC 3986 section 3.1), a drive of Windows included."""


class Origin(Protocol):
    """A place that documents are read from, and that references may not leave."""

    @property
    def entry(self) -> str:
        """The name of the document that everything begins with."""
        ...

    def locate(self, base: str, reference: str) -> str | None:
        """The document that a reference in the document `base` names; None if that is outside."""
        ...

    def read(self, name: str) -> Document | Diagnostic:
        """The document of that name."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """Documents below a folder; `shown` stands before their names as users know them ("" or "../api/")."""

    root: Path
    shown: str
    entry: str

    def locate(self, base: str, reference: str) -> str | None:
        """A relative path that stays in the folder."""
        if _ADDRESS.match(reference) or reference.startswith(("/", "\\")):
            return None
        name = posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))
        inside = name.removeprefix(self.shown)
        return name if name.startswith(self.shown) and not inside.startswith(("../", "/")) else None

    def read(self, name: str) -> Document | Diagnostic:
        """The document of that name, JSON or YAML."""
        path = self.root / name.removeprefix(self.shown)
        if not path.is_file():
            return Diagnostic(SOURCE_MISSING, Location(name), f"there is no file {name}", "check the name")
        content = read_bytes(path, self.root, name)
        return content if isinstance(content, Diagnostic) else decoded(name, content)


@dataclass(frozen=True, slots=True)
class Server:
    """Documents of one server, by their addresses."""

    entry: str

    def locate(self, base: str, reference: str) -> str | None:
        """An address of the same server."""
        try:
            address = urljoin(base, reference)
            return address if urlsplit(address)[:2] == urlsplit(self.entry)[:2] else None
        except ValueError:  # no address at all
            return None

    def read(self, name: str) -> Document | Diagnostic:
        """The document at that address, JSON or YAML."""
        content = fetch(name)
        return (
            content if isinstance(content, Diagnostic) else decoded(urlsplit(name)._replace(query="").geturl(), content)
        )


def origin_of(source: str, root: Path) -> Origin:
    """The origin of a file or address; a file in the project may refer to all of the project, another to its folder."""
    if "://" in source:
        return Server(source)
    path = Path(source)
    if path.resolve().is_relative_to(root.resolve()):
        return Folder(root, "", path.resolve().relative_to(root.resolve()).as_posix())
    folder = path.parent.as_posix()
    shown = f"{folder}/" if folder != "." else ""
    return Folder(path.parent, shown, shown + path.name)


def decoded(name: str, content: bytes) -> Document | Diagnostic:
    """A document in JSON or YAML, whichever its name or its first character says."""
    is_json = name.endswith(".json") or content.lstrip()[:1] in (b"{", b"[")
    return json_document(name, content) if is_json else yaml_document(name, content)
