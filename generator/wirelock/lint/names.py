"""The rules on names: `sessionInfo.schema.json`, `parentID`, `GetSession`, `SessionService`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.ir import Object, TypeGraph, walk
from wirelock.naming import to_pascal_case
from wirelock.source import Document

LINT_TYPE_NAME = Code("LINT_TYPE_NAME", Severity.WARNING)
LINT_PROPERTY_NAME = Code("LINT_PROPERTY_NAME", Severity.NOTE)
LINT_METHOD_NAME = Code("LINT_METHOD_NAME", Severity.WARNING)
LINT_SERVICE_NAME = Code("LINT_SERVICE_NAME", Severity.WARNING)
_CAMEL_CASE = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_IDENTIFIER = re.compile(r"[$@_]?[A-Za-z][A-Za-z0-9_]*")
_PASCAL_CASE = re.compile(r"[A-Z][A-Za-z0-9]*")
_SUFFIX = ".schema.json"


def check_file_names(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Report schema files that are not named in camel case; the file name becomes the message name."""
    for file, document in documents.items():
        name = PurePosixPath(file).name.removesuffix(_SUFFIX)
        if not _CAMEL_CASE.fullmatch(name):
            message = f"the file name {name} is not in camel case"
            hint = f"rename the file to {_to_camel_case(name)}{_SUFFIX}, for a readable message name"
            yield Diagnostic(LINT_TYPE_NAME, document.get_location(""), message, hint)


def check_property_names(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Report properties whose names are not identifiers in protos and models."""
    shapes = (node.shape for definition in graph.definitions.values() for node in walk(definition.node))
    for shape in shapes:
        for property in shape.properties if isinstance(shape, Object) else ():
            if not _IDENTIFIER.fullmatch(property.name):
                message = f"the property {property.name!r} is not an identifier: protos and models use another name"
                hint = "choose that name with x-proto-name; the name in JSON stays the same"
                yield Diagnostic(LINT_PROPERTY_NAME, property.node.location, message, hint)


def check_method_names(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Report methods that are not in Pascal case (buf's RPC_PASCAL_CASE)."""
    for service in graph.services:
        for method in service.methods:
            if not _PASCAL_CASE.fullmatch(method.name):
                message = f"the method {method.name} is not in Pascal case"
                yield Diagnostic(LINT_METHOD_NAME, method.location, message, f"call it {to_pascal_case(method.name)}")


def check_service_names(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Report services not in Pascal case with the suffix Service (buf's SERVICE_PASCAL_CASE and SERVICE_SUFFIX)."""
    for service in graph.services:
        if not (_PASCAL_CASE.fullmatch(service.name) and service.name.endswith("Service")):
            stem = to_pascal_case(service.name.removesuffix("Service").removesuffix("service"))
            message = f"the service {service.name} is not in Pascal case with the suffix Service"
            yield Diagnostic(LINT_SERVICE_NAME, service.location, message, f"call it {stem}Service")


def _to_camel_case(name: str) -> str:
    pascal = to_pascal_case(name)
    return pascal[:1].lower() + pascal[1:]
