"""The calls behind the command line: each takes a configuration and gives a report."""

from wirelock.api.checking import check
from wirelock.api.compiling import Compiled, SchemaError, compile
from wirelock.api.generation import Mode, generate
from wirelock.api.importing import import_document
from wirelock.api.project import Project, ProjectError, load
from wirelock.api.proving import prove
from wirelock.api.scaffolding import init
from wirelock.api.verification import verify

__all__ = [
    "Compiled",
    "Mode",
    "Project",
    "ProjectError",
    "SchemaError",
    "check",
    "compile",
    "generate",
    "import_document",
    "init",
    "load",
    "prove",
    "verify",
]
