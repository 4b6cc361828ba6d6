"""Parser of service files, with all names checked against the schemas."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

from wirelock.diagnostics import Code, Diagnostic
from wirelock.ir import (
    Definition,
    Method,
    Object,
    ParameterStyle,
    Property,
    Ref,
    Service,
    StateHeader,
    StatusBody,
    TypeId,
)
from wirelock.parse.codes import (
    SERVICE_INVALID,
    SERVICE_PATH_INVALID,
    SERVICE_PROPERTY_MISSING,
    SERVICE_SCHEMA_MISSING,
)
from wirelock.path_templates import find_variable_names, is_path_template
from wirelock.runtime.findings import Finding
from wirelock.runtime.json.pointers import escape_token, split_pointer
from wirelock.runtime.schema.validator import Schemas, Validator
from wirelock.source import Document, ReferenceTarget, Sources

_SCHEMA_FILE = "service.schema.json"
_KEYS = (
    "service", "description", "methods", "undescribed", "request", "response", "responses", "http", "in", "state",
    "stream", "deprecated", "body", "response_body", "media_type", "schema", "const", "text", "rpc", "get", "put",
    "post", "delete", "patch",
)  # fmt: skip
VERBS = ("get", "put", "post", "delete", "patch")


@cache
def _load_validator() -> Validator:
    """Return the validator of service files."""
    schema = json.loads(files("wirelock").joinpath("meta/service.schema.json").read_bytes())
    return Schemas({_SCHEMA_FILE: schema}, unknown_fields="keep", format_assertion=False).get_validator(_SCHEMA_FILE)


def _suggest_key(finding: Finding) -> str:
    """Return a hint with a similar key, or with the documentation of the format."""
    tokens = split_pointer(finding.pointer)[-1:]
    near = (
        difflib.get_close_matches(tokens[0], _KEYS, 1) if tokens and finding.keyword == "additionalProperties" else []
    )
    return f"did you mean {near[0]}?" if near else "see the format: wirelock explain SERVICE_INVALID"


class ServiceParser:
    """Parses the service files of one project against its named types."""

    def __init__(self, folder: str, sources: Sources, definitions: Mapping[TypeId, Definition]) -> None:
        self._folder = folder
        self._sources = sources
        self._definitions = definitions
        self._validator = _load_validator()
        self.diagnostics: list[Diagnostic] = []

    def parse(self, documents: Mapping[str, Document]) -> tuple[Service, ...]:
        """Parse each document into a service, in file order; an invalid document adds diagnostics instead."""
        services = (self._parse_service(file, document) for file, document in documents.items())
        return tuple(service for service in services if service is not None)

    def _parse_service(self, file: str, document: Document) -> Service | None:
        for finding in self._validator.check_instance(document.value):
            self._report(
                SERVICE_INVALID,
                document,
                finding.pointer,
                f"not a service file: {finding.message}",
                _suggest_key(finding),
            )
            return None
        value = cast("dict[str, Any]", document.value)
        methods = (self._parse_method(name, method, document) for name, method in value["methods"].items())
        return Service(
            value["service"],
            file.rpartition("/")[0],
            document.get_location(""),
            tuple(method for method in methods if method is not None),
            value.get("description", ""),
            tuple(value.get("undescribed", ())),
        )

    def _parse_method(self, name: str, value: dict[str, Any], document: Document) -> Method | None:
        pointer = f"/methods/{escape_token(name)}"
        http = value.get("http", {})
        verb = next((verb for verb in VERBS if verb in http), "")
        request = self._resolve_type(value["request"], document, f"{pointer}/request")
        responses = self._parse_responses(value, document, pointer)
        response = self._find_response_type(value, responses, document, pointer)
        if response is None or request is None:
            return None
        method = Method(
            name=name,
            request=request,
            response=response,
            location=document.get_location(pointer),
            description=value.get("description", ""),
            deprecated=value.get("deprecated", False),
            verb=verb.upper(),
            path=http.get(verb, ""),
            body=http.get("body", ""),
            response_body=http.get("response_body", ""),
            responses=responses,
            parameter_locations=tuple(
                sorted((prop, _get_location(declared)) for prop, declared in value.get("in", {}).items())
            ),
            parameter_styles=tuple(sorted(_parse_styles(value.get("in", {})), key=lambda pair: pair[0])),
            state=StateHeader(**value["state"]) if "state" in value else None,
            stream=value.get("stream", ""),
        )
        return method if self._check_method(method, document, pointer) else None

    def _parse_responses(self, value: dict[str, Any], document: Document, pointer: str) -> tuple[StatusBody, ...]:
        declared: dict[str, Any] = dict(value.get("responses", {}))
        if "response" in value and not any(status[0] in "123d" for status in declared) and value.get("http"):
            declared = {"200": value["response"], **declared}
        bodies: list[StatusBody] = []
        for status, body in declared.items():
            for alternative in cast("list[object]", body) if isinstance(body, list) else [body]:
                bodies.append(self._parse_body(status, alternative, document, f"{pointer}/responses/{status}"))
        return tuple(bodies)

    def _parse_body(self, status: str, body: Any, document: Document, pointer: str) -> StatusBody:
        if body is None:
            return StatusBody(status, media_type="")
        if isinstance(body, str):
            return StatusBody(status, type=self._resolve_type(body, document, pointer))
        if "const" in body:
            rpc = self._resolve_type(body["rpc"], document, f"{pointer}/rpc") if "rpc" in body else None
            return StatusBody(status, const=json.dumps(body["const"], sort_keys=True), rpc=rpc)
        if "text" in body:
            return StatusBody(status, body.get("media_type", "text/plain"), text=True)
        media_type = body.get("media_type", "application/json")
        return StatusBody(status, media_type, self._resolve_type(body["schema"], document, f"{pointer}/schema"))

    def _find_response_type(
        self, value: dict[str, Any], responses: tuple[StatusBody, ...], document: Document, pointer: str
    ) -> TypeId | None:
        if "response" in value:
            return self._resolve_type(value["response"], document, f"{pointer}/response")
        successful = [body for body in responses if body.status[0] in "2d"]
        response_type = next((body.type for body in successful if body.type), None) or next(
            (b.rpc for b in successful if b.rpc), None
        )
        if response_type is None and not self.diagnostics:
            self._report(
                SERVICE_INVALID,
                document,
                pointer,
                "the method has no response type",
                "add response, or rpc beside const",
            )
        return response_type

    def _resolve_type(self, reference: str, document: Document, pointer: str) -> TypeId | None:
        target = self._sources.resolve(document.path, "", reference)
        if isinstance(target, ReferenceTarget):
            key = TypeId(target.path.removeprefix(self._folder + "/"), target.pointer)
            if key in self._definitions:
                return key
            self._report(
                SERVICE_SCHEMA_MISSING,
                document,
                pointer,
                f"{reference} is not a schema of this project",
                "use the path of a schema file",
            )
            return None
        self._report(SERVICE_SCHEMA_MISSING, document, pointer, f"schema not found: {target.message}", target.hint)
        return None

    def _check_method(self, method: Method, document: Document, pointer: str) -> bool:
        before = len(self.diagnostics)
        if method.verb and not is_path_template(method.path):
            self._report(
                SERVICE_PATH_INVALID,
                document,
                f"{pointer}/http/{method.verb.lower()}",
                f"{method.path!r} is not a path template",
                "write a template such as /session/{sessionID}",
            )
        else:
            self._check_properties(method, document, pointer)
        return len(self.diagnostics) == before

    def _check_properties(self, method: Method, document: Document, pointer: str) -> None:
        request = self._get_properties(method.request)
        response = self._get_properties(method.response)
        parameters = find_variable_names(method.path)
        for name in sorted({name for name in parameters if parameters.count(name) > 1}):
            message, hint = f"the path {method.path} contains {{{name}}} twice", "rename one of the parameters"
            self._report(SERVICE_PATH_INVALID, document, f"{pointer}/http/{method.verb.lower()}", message, hint)
        for name in parameters:
            if name not in request:
                self._report_missing_property(
                    SERVICE_PATH_INVALID, name, method.request, document, f"{pointer}/http/{method.verb.lower()}"
                )
        references = [(method.body, "http/body")] if method.body not in ("", "*") else []
        references += [(name, f"in/{escape_token(name)}") for name, _ in method.parameter_locations]
        if method.state is not None:
            references += [(method.state.key, "state/key"), (method.state.value, "state/value")]
        for name, location in references:
            if name not in request:
                self._report_missing_property(
                    SERVICE_PROPERTY_MISSING, name, method.request, document, f"{pointer}/{location}"
                )
        if method.response_body and method.response_body not in response:
            location = f"{pointer}/http/response_body"
            self._report_missing_property(
                SERVICE_PROPERTY_MISSING, method.response_body, method.response, document, location
            )

    def _get_properties(self, key: TypeId) -> Mapping[str, Property]:
        shape = self._definitions[key].node.shape
        while isinstance(shape, Ref):
            shape = self._definitions[shape.target].node.shape
        return {prop.name: prop for prop in shape.properties} if isinstance(shape, Object) else {}

    def _report_missing_property(self, code: Code, name: str, key: TypeId, document: Document, pointer: str) -> None:
        names = ", ".join(self._get_properties(key))
        hint = f"use one of its properties: {names}" if names else f"declare the property in {key}"
        self._report(code, document, pointer, f"{name} is not a property of {key}", hint)

    def _report(self, code: Code, document: Document, pointer: str, message: str, hint: str) -> None:
        self.diagnostics.append(Diagnostic(code, document.get_location(pointer), message, hint))


def _get_location(parameter: str | Mapping[str, Any]) -> str:
    return parameter if isinstance(parameter, str) else str(parameter["place"])


def _parse_styles(parameters: Mapping[str, Any]) -> list[tuple[str, ParameterStyle]]:
    """Return the styles of the parameters that declare more than their location."""
    tables = {prop: cast("dict[str, Any]", table) for prop, table in parameters.items() if isinstance(table, dict)}
    styles = {prop: {key: value for key, value in table.items() if key != "place"} for prop, table in tables.items()}
    return [(prop, ParameterStyle(**style)) for prop, style in styles.items() if style]
