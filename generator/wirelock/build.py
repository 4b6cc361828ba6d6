"""Compilation of a project: sources, type graph and plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wirelock.artifact import Artifact
from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Location, Severity, sort_unique
from wirelock.ir import TypeGraph, TypeId
from wirelock.lower.import_cycles import check_models
from wirelock.lower.ledger import ledger as numbers
from wirelock.lower.model_plan import ModelPlan, plan_models
from wirelock.lower.plan import ProtoPlan
from wirelock.lower.proto import plan_protos
from wirelock.lower.recursion_limit import raised_recursion_limit
from wirelock.parse import parse
from wirelock.parse.dialects import apply_dialect
from wirelock.runtime.schema.documents import get_value_at
from wirelock.source import Document, Sources, read_document, read_folder
from wirelock.source.repository import is_committed

NO_SCHEMAS = Code("NO_SCHEMAS", Severity.ERROR, fatal=True)
LEDGER_MISSING = Code("LEDGER_MISSING", Severity.ERROR, fatal=True)
DIALECT_UNUSED = Code("DIALECT_UNUSED", Severity.WARNING)
SCHEMA_SUFFIX = ".schema.json"
MANIFEST = "manifest.json"
"""The list of generated files, in the folder of the generated package."""
IMPORT_MANIFEST = "import.json"
SERVICE_SUFFIX = ".service.json"
_PROTOS_EXIST = "protos exist"
_PATTERN_HINT = "write the pattern relative to the folder of the configuration: schemas/legacy/*.schema.json"


@dataclass(frozen=True, slots=True)
class Build:
    """A compiled project, the input of emitters and checks.

    `documents` are the schema files by path below the schema folder. `ledger` is the file of the number ledger.
    After an error the plan may be incomplete: emit artifacts only if `is_sound`.
    """

    config: Config
    documents: Mapping[str, Document]
    graph: TypeGraph
    proto: ProtoPlan
    models: ModelPlan
    ledger: Artifact
    diagnostics: tuple[Diagnostic, ...]

    @property
    def is_sound(self) -> bool:
        """True if artifacts may be emitted."""
        return not any(diagnostic.is_failure for diagnostic in self.diagnostics)


def build(config: Config) -> Build:
    """Compile the project that a configuration describes."""
    documents, diagnostics = read_folder(config.root, config.schemas, (SCHEMA_SUFFIX, SERVICE_SUFFIX))
    if not diagnostics and not any(document.path.endswith(SCHEMA_SUFFIX) for document in documents):
        diagnostics = (_report_missing_schemas(config),)
    if diagnostics:  # references to an unreadable file would report the same problem again
        return _build_failed(config, {}, TypeGraph(), numbers.Ledger(), sort_unique(diagnostics))
    ledger, ledger_diagnostics = _read_ledger(config)
    return compile_documents(
        config, documents, replace(ledger, imported=find_imported_files(config)), ledger_diagnostics
    )


def compile_documents(
    config: Config,
    documents: Sequence[Document],
    ledger: numbers.Ledger,
    diagnostics: tuple[Diagnostic, ...] = (),
    roots: Sequence[TypeId] = (),
) -> Build:
    """Compile documents whose paths begin with the schema folder of the configuration.

    `roots` are types that get a message of their own even if they are not objects, like the types of services.
    """
    by_file = {document.path.removeprefix(config.schemas + "/"): document for document in documents}
    services = {file: document for file, document in by_file.items() if file.endswith(SERVICE_SUFFIX)}
    schemas = {file: document for file, document in by_file.items() if file not in services}
    schemas, translated = _apply_dialects(config, schemas)
    if any(diagnostic.is_failure for diagnostic in translated):
        return _build_failed(config, {}, TypeGraph(), ledger, sort_unique((*translated, *diagnostics)))
    sources = Sources({document.path: document for document in (*schemas.values(), *services.values())})
    graph, parsed = parse(config.schemas, schemas, services, sources)
    diagnostics = sort_unique((*translated, *parsed, *diagnostics))
    if any(diagnostic.is_failure for diagnostic in diagnostics):
        return _build_failed(config, schemas, graph, ledger, diagnostics)
    with raised_recursion_limit(len(graph.definitions)):
        proto, new_ledger, lowered = plan_protos(graph, config, ledger, roots)
        is_sound = not any(diagnostic.is_failure for diagnostic in lowered)
        models = (
            plan_models(graph, proto, config, new_ledger) if is_sound else ModelPlan(class_origins=new_ledger.classes)
        )
        lowered += check_models(models, graph)
    file = _build_ledger_artifact(config, replace(new_ledger, classes=models.class_origins))
    return Build(config, schemas, graph, proto, models, file, sort_unique((*diagnostics, *lowered)))


def _apply_dialects(
    config: Config, schemas: Mapping[str, Document]
) -> tuple[dict[str, Document], tuple[Diagnostic, ...]]:
    """Return the schemas with their configured dialects, and a warning for each pattern that matches no schema."""
    diagnostics: list[Diagnostic] = []
    dialect_documents: dict[str, Document] = {}
    for file, document in schemas.items():
        dialect_documents[file], dialect_diagnostics = apply_dialect(document, config.get_dialect(document.path))
        diagnostics += dialect_diagnostics
    paths = [document.path for document in schemas.values()]
    unused = [rule for rule in config.dialects if not any(rule.matches(path) for path in paths)]
    diagnostics += [
        Diagnostic(DIALECT_UNUSED, rule.location, f"no schema file matches the pattern {rule.pattern}", _PATTERN_HINT)
        for rule in unused
    ]
    return dialect_documents, tuple(diagnostics)


def _build_failed(
    config: Config,
    schemas: Mapping[str, Document],
    graph: TypeGraph,
    ledger: numbers.Ledger,
    diagnostics: tuple[Diagnostic, ...],
) -> Build:
    """Return a build without plans for diagnostics that prevent emission."""
    return Build(
        config, schemas, graph, ProtoPlan((), {}), ModelPlan(), _build_ledger_artifact(config, ledger), diagnostics
    )


def _report_missing_schemas(config: Config) -> Diagnostic:
    hint = f"add a schema: {config.schemas}/<package>/<name>{SCHEMA_SUFFIX}"
    return Diagnostic(NO_SCHEMAS, Location(config.schemas), f"no *{SCHEMA_SUFFIX} file in {config.schemas}", hint)


def find_imported_files(config: Config) -> frozenset[str]:
    """Return the schema files that `wirelock import` wrote; empty if its manifest is unreadable."""
    path = config.root / config.schemas / IMPORT_MANIFEST
    manifest = read_document(path, config.root) if path.is_file() else None
    files = get_value_at(manifest.value, ("files",)) if isinstance(manifest, Document) else None
    return frozenset(files) if isinstance(files, dict) else frozenset()


def _read_ledger(config: Config) -> tuple[numbers.Ledger, tuple[Diagnostic, ...]]:
    file = f"{config.proto}/{numbers.FILE_NAME}"
    path = config.root / file
    try:
        read = numbers.read_ledger(path.read_bytes(), Location(file))
    except FileNotFoundError:
        evidence = _find_evidence_of_ledger(config, file)
        return numbers.Ledger(), (_report_missing_ledger(file, evidence),) if evidence else ()
    except OSError as error:
        hint = "make the ledger a readable file"
        message = f"cannot read the ledger: {error.strerror}"
        return numbers.Ledger(), (Diagnostic(numbers.LEDGER_UNREADABLE, Location(file), message, hint),)
    return (numbers.Ledger(), (read,)) if isinstance(read, Diagnostic) else (read, ())


def _find_evidence_of_ledger(config: Config, file: str) -> str:
    """Return a clause that shows that field numbers were assigned before; "" for a new project."""
    if any((config.root / config.proto).glob("*.proto")):
        return _PROTOS_EXIST
    manifest = f"{config.package_folder}/{MANIFEST}"
    if (config.root / manifest).is_file():
        return f"{manifest} exists"
    return "the last commit contains it" if is_committed(config.root, file) else ""


def _report_missing_ledger(file: str, evidence: str) -> Diagnostic:
    alternative = "to assign all numbers anew, delete the generated files and commit"
    if evidence == _PROTOS_EXIST:
        alternative = "if wirelock did not write these protos, move them away"
    hint = f"restore it: git checkout HEAD -- {file}; {alternative}"
    return Diagnostic(LEDGER_MISSING, Location(file), f"the field number ledger is missing, but {evidence}", hint)


def _build_ledger_artifact(config: Config, ledger: numbers.Ledger) -> Artifact:
    return Artifact(f"{config.proto}/{numbers.FILE_NAME}", numbers.print_ledger(ledger), "ledger")
