"""Pydantic models, written by datamodel-code-generator from the canonical schema.

It is a subcontractor: what it gets is ours to the last name, and what it gives is parsed again and compared with what
was asked for before it is let through.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import cast

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.emit.contract import Emitted
from wirelock.emit.render import header, render
from wirelock.lower.class_names import RUNTIME_NAMES
from wirelock.lower.constraints import Schema
from wirelock.lower.model_plan import ModelPlan
from wirelock.lower.model_schema import ATTRIBUTE, CHECKS, SCHEMA
from wirelock.version import VERSION

MODELS_REFUSED = Code("MODELS_REFUSED", Severity.ERROR, fatal=True)
MODELS_DIFFER = Code("MODELS_DIFFER", Severity.ERROR, fatal=True)
BASE_MODULE = "models.base"
"""The module of the runtime that defines the base classes."""


def emit(build: Build) -> Emitted:
    """A module for each proto package in `models/`, and its `__init__`."""
    wanted = _wanted(build.models.components)
    try:
        texts = _generate(build.models, header(build.config.schemas)) if wanted else {}
    except _refusals() as error:
        where = Location(build.config.schemas)
        hint = "this is a fault of wirelock: please report it, with the schema"
        return Emitted((), (Diagnostic(MODELS_REFUSED, where, f"the models could not be written: {error}", hint),))
    texts["__init__"] = render("models/package.py.j2", header=header(build.config.schemas), modules=sorted(wanted))
    found = [_compare(build, module, texts.get(module, ""), names) for module, names in sorted(wanted.items())]
    home = f"{build.config.generated}/{build.config.package}/models"
    artifacts = (Artifact(f"{home}/{module}.py", text.encode(), "models") for module, text in sorted(texts.items()))
    return Emitted(tuple(artifacts), tuple(diagnostic for faults in found for diagnostic in faults))


def key(build: Build) -> bytes:
    """Everything that the models depend on."""
    writer = f"wirelock {VERSION}, datamodel-code-generator {version('datamodel-code-generator')}"
    return f"{header(build.config.schemas)}\n{writer}\n{BASE_MODULE}\n{json.dumps(build.models.schema)}".encode()


def _wanted(components: Mapping[str, Schema]) -> dict[str, list[str]]:
    """The class names of each module."""
    modules: dict[str, list[str]] = {}
    for name in components:
        module, _, class_name = name.partition(".")
        modules.setdefault(module, []).append(class_name)
    return modules


# the subcontractor


def _refusals() -> tuple[type[Exception], ...]:
    from datamodel_code_generator import Error

    return (Error, ValueError, TypeError, KeyError)


def _generate(models: ModelPlan, header: str) -> dict[str, str]:
    """The text of each module; nothing is read or written, and no reference leaves the document."""
    from datamodel_code_generator import InputFileType, LiteralType, PythonVersion, generate
    from datamodel_code_generator.enums import DataModelType, TargetPydanticVersion
    from datamodel_code_generator.format import Formatter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the comparison decides
        modules = generate(
            json.dumps(models.schema),
            input_file_type=InputFileType.OpenAPI,
            output_model_type=DataModelType.PydanticV2BaseModel,
            target_python_version=PythonVersion.PY_311,
            target_pydantic_version=TargetPydanticVersion.V2_14,
            use_missing_sentinel=True,
            use_annotated=True,
            field_constraints=True,
            enum_field_as_literal=LiteralType.All,
            use_schema_description=True,
            use_double_quotes=True,
            formatters=[Formatter.BUILTIN],
            disable_timestamp=True,
            allow_remote_refs=False,
            custom_file_header=f"# {header}",
            base_class=f"runtime.{BASE_MODULE}.WireModel",
            import_overrides=dict.fromkeys(RUNTIME_NAMES, f".._runtime.{BASE_MODULE}"),
            field_extra_keys={CHECKS, SCHEMA},
            model_extra_keys={CHECKS, SCHEMA},
            aliases=_attributes(models.components),
        )
    assert isinstance(modules, dict)
    return {path[-1].removesuffix(".py"): f"{text.rstrip()}\n" for path, text in modules.items()}


def _attributes(components: Mapping[str, Schema]) -> dict[str, str]:
    """The Python attribute of each property that needs one, by class and JSON name."""
    named: dict[str, str] = {}
    for component, content in components.items():
        for name, prop in cast("dict[str, Schema]", content.get("properties", {})).items():
            if ATTRIBUTE in prop:
                named[f"{component}.{name}"] = str(prop[ATTRIBUTE])
    return named


# the comparison


def _compare(build: Build, module: str, text: str, wanted: Sequence[str]) -> list[Diagnostic]:
    """Whether a module has the classes that were asked for, and at the top level nothing else that runs."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError) as error:
        return [_differs(build, module, f"it is not Python: {error}")]
    found = [statement.name for statement in body if isinstance(statement, ast.ClassDef)]
    faults = [f"class {name} is missing" for name in sorted(set(wanted) - set(found))]
    faults += [f"class {name} was not asked for" for name in sorted(set(found) - set(wanted))]
    faults += [f"line {statement.lineno} is not expected" for statement in body if not _is_expected(statement)]
    return [_differs(build, module, fault) for fault in faults]


def _is_expected(statement: ast.stmt) -> bool:
    match statement:
        case ast.ImportFrom() | ast.ClassDef():
            return True
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(), "model_rebuild"), [], [])):
            return True
        case _:
            return False


def _differs(build: Build, module: str, fault: str) -> Diagnostic:
    where = Location(f"{build.config.generated}/{build.config.package}/models/{module}.py")
    hint = "this is a fault of wirelock: please report it, with the schema"
    return Diagnostic(MODELS_DIFFER, where, f"the models are not what was asked for: {fault}", hint)
