"""Protobuf, models, validators and codecs from JSON Schema, checked against recordings."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wirelock.api.breaking import Compatibility, breaking
    from wirelock.api.check import check
    from wirelock.api.compile import Compiled, SchemaError, compile
    from wirelock.api.generate import generate
    from wirelock.api.import_ import import_document
    from wirelock.api.init import init
    from wirelock.api.project import Project, ProjectError, load
    from wirelock.api.prove import prove
    from wirelock.api.verify import verify
    from wirelock.config import Config
    from wirelock.diagnostics import Diagnostic, Report
    from wirelock.runtime.codec.types import CodecError

__all__ = [
    "CodecError",
    "Compatibility",
    "Compiled",
    "Config",
    "Diagnostic",
    "Project",
    "ProjectError",
    "Report",
    "SchemaError",
    "breaking",
    "check",
    "compile",
    "generate",
    "import_document",
    "init",
    "load",
    "prove",
    "verify",
]

_MODULES = {
    "api.breaking": ("Compatibility", "breaking"),
    "api.check": ("check",),
    "api.compile": ("Compiled", "SchemaError", "compile"),
    "api.generate": ("generate",),
    "api.import_": ("import_document",),
    "api.init": ("init",),
    "api.project": ("Project", "ProjectError", "load"),
    "api.prove": ("prove",),
    "api.verify": ("verify",),
    "config": ("Config",),
    "diagnostics": ("Diagnostic", "Report"),
    "runtime.codec.types": ("CodecError",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562), which keeps the start of the command line fast."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"wirelock.{_HOMES[name]}"), name)
