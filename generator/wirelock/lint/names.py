"""Names as the field writes them: `sessionInfo.schema.json`, `parentID`, `GetSession`, `SessionService`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.ir import Record, TypeGraph, descendants
from wirelock.naming import pascal
from wirelock.source import Document

LINT_TYPE_NAME = Code("LINT_TYPE_NAME", Severity.WARNING)
LINT_PROPERTY_NAME = Code("LINT_PROPERTY_NAME", Severity.NOTE)
LINT_METHOD_NAME = Code("LINT_METHOD_NAME", Severity.WARNING)
LINT_SERVICE_NAME = Code("LINT_SERVICE_NAME", Severity.WARNING)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_IDENTIFIER = re.compile(r"[$@_]?[A-Za-z][A-Za-z0-9_]*")
_PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")
_SUFFIX = ".schema.json"


def types(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Schema files whose name is not one word in camel case (MAPPING: the file name names the message)."""
    for file, document in documents.items():
        name = PurePosixPath(file).name.removesuffix(_SUFFIX)
        if not _WORD.fullmatch(name):
            hint = f"camel case gives readable messages: {_camel(name)}{_SUFFIX}"
            words = f"the file name {name} is not one word in camel case"
            yield Diagnostic(LINT_TYPE_NAME, document.at(""), words, hint)


def properties(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Properties that no language can say as they are."""
    records = (node.shape for definition in graph.definitions.values() for node in descendants(definition.node))
    for shape in records:
        for property in shape.properties if isinstance(shape, Record) else ():
            if not _IDENTIFIER.fullmatch(property.name):
                words = f"the property {property.name!r} is no identifier: protos and models give it another name"
                hint = "x-proto-name chooses that name; JSON keeps the property's own"
                yield Diagnostic(LINT_PROPERTY_NAME, property.node.where, words, hint)


def methods(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Methods that are not in Pascal case (buf's RPC_PASCAL_CASE)."""
    for service in graph.services:
        for method in service.methods:
            if not _PASCAL.fullmatch(method.name):
                words = f"the method {method.name} is not in Pascal case"
                yield Diagnostic(LINT_METHOD_NAME, method.where, words, f"call it {pascal(method.name)}")


def services(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Services that are not in Pascal case with the suffix Service (buf's SERVICE_PASCAL_CASE and SERVICE_SUFFIX)."""
    for service in graph.services:
        if not (_PASCAL.fullmatch(service.name) and service.name.endswith("Service")):
            wanted = pascal(service.name.removesuffix("Service").removesuffix("service")) + "Service"
            words = f"the service {service.name} is not in Pascal case with the suffix Service"
            yield Diagnostic(LINT_SERVICE_NAME, service.where, words, f"call it {wanted}")


def _camel(name: str) -> str:
    words = pascal(name)
    return words[:1].lower() + words[1:]
