"""One compiled project: sources, graph and plan, each computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wirelock.artifact import Artifact
from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Location, Severity, in_order
from wirelock.ir import TypeGraph, TypeId
from wirelock.lower.import_cycles import of_models
from wirelock.lower.ledger import ledger as numbers
from wirelock.lower.model_plan import ModelPlan, model_plan
from wirelock.lower.plan import ProtoPlan
from wirelock.lower.proto import plan
from wirelock.lower.recursion_limit import room_for
from wirelock.parse import parse
from wirelock.parse.dialects import in_dialect
from wirelock.runtime.schema.documents import value_at
from wirelock.source import Document, Sources, read_document, read_folder
from wirelock.source.repository import is_committed

NO_SCHEMAS = Code("NO_SCHEMAS", Severity.ERROR, fatal=True)
LEDGER_MISSING = Code("LEDGER_MISSING", Severity.ERROR, fatal=True)
DIALECT_UNUSED = Code("DIALECT_UNUSED", Severity.WARNING)
SCHEMA_SUFFIX = ".schema.json"
MANIFEST = "manifest.json"
"""What was generated, in the folder of the generated package."""
IMPORT_MANIFEST = "import.json"
SERVICE_SUFFIX = ".service.json"
_PATTERNS = "patterns begin at the folder of the configuration: schemas/legacy/*.schema.json"


@dataclass(frozen=True, slots=True)
class Build:
    """Everything that emitters and checks may ask of a project.

    `documents` are the schema files by their path below the schema folder; `ledger` is the number ledger's file.
    With a fatal diagnostic the plan may be incomplete, and nothing must be emitted from it.
    """

    config: Config
    documents: Mapping[str, Document]
    graph: TypeGraph
    proto: ProtoPlan
    models: ModelPlan
    ledger: Artifact
    diagnostics: tuple[Diagnostic, ...]

    @property
    def sound(self) -> bool:
        """Whether artefacts may be emitted."""
        return not any(diagnostic.fails for diagnostic in self.diagnostics)


def build(config: Config) -> Build:
    """Compile the project that a configuration describes."""
    documents, found = read_folder(config.root, config.schemas, (SCHEMA_SUFFIX, SERVICE_SUFFIX))
    if not found and not any(document.path.endswith(SCHEMA_SUFFIX) for document in documents):
        found = (_no_schemas(config),)
    if found:  # whatever refers to a file that could not be read would be a second finding for one fault
        return _unsound(config, {}, TypeGraph(), numbers.Ledger(), in_order(found))
    ledger, trouble = _read_ledger(config)
    return compiled(config, documents, replace(ledger, foreign=imported(config)), trouble)


def compiled(
    config: Config,
    documents: Sequence[Document],
    ledger: numbers.Ledger,
    found: tuple[Diagnostic, ...] = (),
    roots: Sequence[TypeId] = (),
) -> Build:
    """Compile documents; their paths begin with the configuration's schema folder.

    `roots` are types that get a message of their own whatever they are, as those of services do.
    """
    by_file = {document.path.removeprefix(config.schemas + "/"): document for document in documents}
    services = {file: document for file, document in by_file.items() if file.endswith(SERVICE_SUFFIX)}
    schemas = {file: document for file, document in by_file.items() if file not in services}
    schemas, translated = _in_dialects(config, schemas)
    if any(diagnostic.fails for diagnostic in translated):
        return _unsound(config, {}, TypeGraph(), ledger, in_order((*translated, *found)))
    sources = Sources({document.path: document for document in (*schemas.values(), *services.values())})
    graph, parsed = parse(config.schemas, schemas, services, sources)
    earlier = in_order((*translated, *parsed, *found))
    if any(diagnostic.fails for diagnostic in earlier):
        return _unsound(config, schemas, graph, ledger, earlier)
    with room_for(len(graph.definitions)):
        proto, kept, lowered = plan(graph, config, ledger, roots)
        sound = not any(diagnostic.fails for diagnostic in lowered)
        models = model_plan(graph, proto, config, kept) if sound else ModelPlan(places=kept.classes)
        lowered += of_models(models, graph)
    file = _ledger_file(config, replace(kept, classes=models.places))
    return Build(config, schemas, graph, proto, models, file, in_order((*earlier, *lowered)))


def _in_dialects(config: Config, schemas: Mapping[str, Document]) -> tuple[dict[str, Document], tuple[Diagnostic, ...]]:
    """The schemas with the dialects that the configuration gives them, and the patterns that fit none of them."""
    found: list[Diagnostic] = []
    stated: dict[str, Document] = {}
    for file, document in schemas.items():
        stated[file], trouble = in_dialect(document, config.dialect_of(document.path))
        found += trouble
    paths = [document.path for document in schemas.values()]
    unused = [rule for rule in config.dialects if not any(rule.fits(path) for path in paths)]
    found += [
        Diagnostic(DIALECT_UNUSED, rule.where, f"no schema file fits {rule.pattern}", _PATTERNS) for rule in unused
    ]
    return stated, tuple(found)


def _unsound(
    config: Config,
    schemas: Mapping[str, Document],
    graph: TypeGraph,
    ledger: numbers.Ledger,
    found: tuple[Diagnostic, ...],
) -> Build:
    """A build from which nothing is to be emitted."""
    return Build(config, schemas, graph, ProtoPlan((), {}), ModelPlan(), _ledger_file(config, ledger), found)


def _no_schemas(config: Config) -> Diagnostic:
    hint = f"put a schema into {config.schemas}/<package>/<name>{SCHEMA_SUFFIX}"
    return Diagnostic(NO_SCHEMAS, Location(config.schemas), f"there is no *{SCHEMA_SUFFIX} in {config.schemas}", hint)


def imported(config: Config) -> frozenset[str]:
    """The schema files that `wirelock import` wrote; a manifest that cannot be read is for the next import to say."""
    path = config.root / config.schemas / IMPORT_MANIFEST
    manifest = read_document(path, config.root) if path.is_file() else None
    files = value_at(manifest.value, ("files",)) if isinstance(manifest, Document) else None
    return frozenset(files) if isinstance(files, dict) else frozenset()


def _read_ledger(config: Config) -> tuple[numbers.Ledger, tuple[Diagnostic, ...]]:
    file = f"{config.proto}/{numbers.FILE_NAME}"
    path = config.root / file
    try:
        read = numbers.read_ledger(path.read_bytes(), Location(file))
    except FileNotFoundError:
        left = _left_over(config, file)
        return numbers.Ledger(), (_ledger_missing(file, left),) if left else ()
    except OSError as error:
        hint = "the ledger must be a readable file"
        return numbers.Ledger(), (Diagnostic(numbers.LEDGER_UNREADABLE, Location(file), f"{error.strerror}", hint),)
    return (numbers.Ledger(), (read,)) if isinstance(read, Diagnostic) else (read, ())


def _left_over(config: Config, file: str) -> str:
    """What says that numbers were given out already, in words; "" for a project that is new."""
    if any((config.root / config.proto).glob("*.proto")):
        return "there are protos"
    manifest = f"{config.home}/{MANIFEST}"
    if (config.root / manifest).is_file():
        return f"there is {manifest}"
    return "the last commit has it" if is_committed(config.root, file) else ""


def _ledger_missing(file: str, left: str) -> Diagnostic:
    hint = f"restore it: git checkout HEAD -- {file}; if these protos are not wirelock's, move them away"
    if left != "there are protos":
        hint = (
            f"restore it: git checkout HEAD -- {file}; to give all numbers anew, delete what was generated and commit"
        )
    return Diagnostic(LEDGER_MISSING, Location(file), f"{left}, but the ledger that keeps the numbers is gone", hint)


def _ledger_file(config: Config, ledger: numbers.Ledger) -> Artifact:
    return Artifact(f"{config.proto}/{numbers.FILE_NAME}", numbers.print_ledger(ledger), "ledger")
