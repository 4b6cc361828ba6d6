"""wirelock: JSON Schema is the truth; protobuf, models, validators and codecs are locked to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wirelock.api import (
        Compatibility,
        Compiled,
        Project,
        ProjectError,
        SchemaError,
        breaking,
        check,
        compile,
        generate,
        import_document,
        init,
        load,
        prove,
        verify,
    )

__all__ = [
    "Compatibility",
    "Compiled",
    "Project",
    "ProjectError",
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


def __getattr__(name: str) -> object:
    """The public calls, imported when they are first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from wirelock import api

    return getattr(api, name)
