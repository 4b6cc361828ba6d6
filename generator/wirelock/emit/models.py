"""Pydantic models, written by datamodel-code-generator from the canonical schema.

The generator is not trusted: its input contains only names that wirelock chose, and its output is parsed and compared
with the expected classes before it is used.
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
from wirelock.emit.contract import EmitResult
from wirelock.emit.render import format_header, render
from wirelock.lower.class_names import RUNTIME_NAMES
from wirelock.lower.constraints import Schema
from wirelock.lower.model_plan import ModelPlan
from wirelock.lower.model_schema import ATTRIBUTE, CHECKS, SCHEMA
from wirelock.version import VERSION

MODELS_REFUSED = Code("MODELS_REFUSED", Severity.ERROR, fatal=True)
MODELS_DIFFER = Code("MODELS_DIFFER", Severity.ERROR, fatal=True)
BASE_MODULE = "models.base"
"""The runtime module with the base classes of the models."""
_HINT = "this is a bug in wirelock: report it with the schema"


def emit(build: Build) -> EmitResult:
    """Emit the package `models/`, with one module per proto package."""
    header = format_header(build.config.schemas)
    classes = _group_by_module(build.models.components)
    try:
        texts = _generate(build.models, header) if classes else {}
    except _get_generator_errors() as error:
        message = f"datamodel-code-generator failed: {error}"
        return EmitResult((), (Diagnostic(MODELS_REFUSED, Location(build.config.schemas), message, _HINT),))
    texts["__init__"] = render("models/package.py.j2", header=header, modules=sorted(classes))
    diagnostics = [
        diagnostic
        for module, names in sorted(classes.items())
        for diagnostic in _check_module(build, module, texts.get(module, ""), names)
    ]
    home = f"{build.config.package_folder}/models"
    artifacts = (Artifact(f"{home}/{module}.py", text.encode(), "models") for module, text in sorted(texts.items()))
    return EmitResult(tuple(artifacts), tuple(diagnostics))


def build_input_key(build: Build) -> bytes:
    """Return all input that the models depend on, with the versions of the tools."""
    tools = f"wirelock {VERSION}, datamodel-code-generator {version('datamodel-code-generator')}"
    return f"{format_header(build.config.schemas)}\n{tools}\n{BASE_MODULE}\n{json.dumps(build.models.schema)}".encode()


def _group_by_module(components: Mapping[str, Schema]) -> dict[str, list[str]]:
    """Return the class names of each module."""
    modules: dict[str, list[str]] = {}
    for name in components:
        module, _, class_name = name.partition(".")
        modules.setdefault(module, []).append(class_name)
    return modules


# generation


def _get_generator_errors() -> tuple[type[Exception], ...]:
    from datamodel_code_generator import Error

    return (Error, ValueError, TypeError, KeyError)


def _generate(models: ModelPlan, header: str) -> dict[str, str]:
    """Return the text of each module; the generator reads and writes no files and resolves no remote references."""
    from datamodel_code_generator import InputFileType, LiteralType, PythonVersion, generate
    from datamodel_code_generator.enums import DataModelType, TargetPydanticVersion
    from datamodel_code_generator.format import Formatter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the output is checked below
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
            aliases=_collect_attributes(models.components),
        )
    assert isinstance(modules, dict)
    return {path[-1].removesuffix(".py"): f"{text.rstrip()}\n" for path, text in modules.items()}


def _collect_attributes(components: Mapping[str, Schema]) -> dict[str, str]:
    """Return the Python attributes that differ from the JSON name, by `<class>.<JSON name>`."""
    attributes: dict[str, str] = {}
    for component, content in components.items():
        for name, prop in cast("dict[str, Schema]", content.get("properties", {})).items():
            if ATTRIBUTE in prop:
                attributes[f"{component}.{name}"] = str(prop[ATTRIBUTE])
    return attributes


# verification


def _check_module(build: Build, module: str, text: str, expected: Sequence[str]) -> list[Diagnostic]:
    """Report missing and unexpected classes, and other statements at the top level of a module."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError) as error:
        return [_report_difference(build, module, f"not valid Python: {error}")]
    actual = {statement.name for statement in body if isinstance(statement, ast.ClassDef)}
    differences = [f"class {name} is missing" for name in sorted(set(expected) - actual)]
    differences += [f"class {name} is unexpected" for name in sorted(actual - set(expected))]
    differences += [f"line {statement.lineno} is unexpected" for statement in body if not _is_expected(statement)]
    return [_report_difference(build, module, difference) for difference in differences]


def _is_expected(statement: ast.stmt) -> bool:
    match statement:
        case ast.ImportFrom() | ast.ClassDef():
            return True
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(), "model_rebuild"), [], [])):
            return True
        case _:
            return False


def _report_difference(build: Build, module: str, difference: str) -> Diagnostic:
    location = Location(f"{build.config.package_folder}/models/{module}.py")
    return Diagnostic(MODELS_DIFFER, location, f"the generated models are wrong: {difference}", _HINT)
