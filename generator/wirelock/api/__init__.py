"""The calls behind the command line and the public names of `wirelock`; each is imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wirelock.api.annotating import annotated
    from wirelock.api.checking import check
    from wirelock.api.comparison import compare
    from wirelock.api.compatibility import Compatibility, breaking
    from wirelock.api.compiling import Compiled, SchemaError, compile
    from wirelock.api.generation import Mode, generate
    from wirelock.api.illustrating import illustrated
    from wirelock.api.importing import import_document
    from wirelock.api.live import verify_live
    from wirelock.api.numbering import numbers, resolve
    from wirelock.api.project import Project, ProjectError, load
    from wirelock.api.proving import prove
    from wirelock.api.proxying import proxy
    from wirelock.api.recording import record
    from wirelock.api.scaffolding import init
    from wirelock.api.serving import serve
    from wirelock.api.verification import verify

__all__ = [
    "Compatibility",
    "Compiled",
    "Mode",
    "Project",
    "ProjectError",
    "SchemaError",
    "annotated",
    "breaking",
    "check",
    "compare",
    "compile",
    "generate",
    "illustrated",
    "import_document",
    "init",
    "load",
    "numbers",
    "prove",
    "proxy",
    "record",
    "resolve",
    "serve",
    "verify",
    "verify_live",
]

_MODULES = {
    "annotating": ("annotated",),
    "checking": ("check",),
    "comparison": ("compare",),
    "compatibility": ("Compatibility", "breaking"),
    "compiling": ("Compiled", "SchemaError", "compile"),
    "generation": ("Mode", "generate"),
    "illustrating": ("illustrated",),
    "importing": ("import_document",),
    "numbering": ("numbers", "resolve"),
    "live": ("verify_live",),
    "project": ("Project", "ProjectError", "load"),
    "proving": ("prove",),
    "proxying": ("proxy",),
    "recording": ("record",),
    "scaffolding": ("init",),
    "serving": ("serve",),
    "verification": ("verify",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """A public name from its module (PEP 562): the command line starts in a tenth of the time that all of them take."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
