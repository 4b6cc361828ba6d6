"""Service files to services: every name checked against the schemas before anything is planned."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

from wirelock.diagnostics import Code, Diagnostic
from wirelock.ir import Definition, Method, Property, Record, Ref, Service, State, StatusBody, Style, TypeId
from wirelock.parse.codes import (
    SERVICE_INVALID,
    SERVICE_PATH_INVALID,
    SERVICE_PROPERTY_MISSING,
    SERVICE_SCHEMA_MISSING,
)
from wirelock.runtime.findings import Finding
from wirelock.runtime.json.pointers import names_of, token
from wirelock.runtime.schema.validator import Schemas, Validator
from wirelock.source import Document, Sources, Target

SUFFIX = ".service.json"
_FORM = "service.schema.json"
_KEYS = (
    "service", "description", "methods", "undescribed", "request", "response", "responses", "http", "in", "state",
    "stream", "deprecated", "body", "response_body", "media_type", "schema", "const", "text", "rpc", "get", "put",
    "post", "delete", "patch",
)  # fmt: skip
VERBS = ("get", "put", "post", "delete", "patch")
_PARAMETER = re.compile(r"\{([^{}=]+)(?:=\*\*)?\}")
_PATH = re.compile(r"(?:/(?:[^{}/\s?#]+|\{[^{}=/]+(?:=\*\*)?\}|))+")


def path_parameters(path: str) -> tuple[str, ...]:
    """The property names in an HTTP path template, in order."""
    return tuple(_PARAMETER.findall(path))


@cache
def _form() -> Validator:
    """The validator of service files."""
    schema = json.loads(files("wirelock").joinpath("meta/service.schema.json").read_bytes())
    return Schemas({_FORM: schema}, unknown_fields="keep", format_assertion=False).validator(_FORM)


def _hint(fault: Finding) -> str:
    """The key that was meant, if one is near; else where the form is told."""
    wrong = names_of(fault.pointer)[-1:]
    near = difflib.get_close_matches(wrong[0], _KEYS, 1) if wrong and fault.keyword == "additionalProperties" else []
    return f"did you mean {near[0]}?" if near else "wirelock explain SERVICE_INVALID tells the form"


class ServiceParser:
    """Parses the service files of one project against its named types."""

    def __init__(self, folder: str, sources: Sources, definitions: Mapping[TypeId, Definition]) -> None:
        self._folder = folder
        self._sources = sources
        self._definitions = definitions
        self._form = _form()
        self.diagnostics: list[Diagnostic] = []

    def parse(self, documents: Mapping[str, Document]) -> tuple[Service, ...]:
        """One service a file, in file order; a file with a fault gives its diagnostics and no service."""
        services = (self._service(file, document) for file, document in documents.items())
        return tuple(service for service in services if service is not None)

    def _service(self, file: str, document: Document) -> Service | None:
        for fault in self._form.instance_findings(document.value):
            self._report(SERVICE_INVALID, document, fault.pointer, f"not a service file: {fault.message}", _hint(fault))
            return None
        value = cast("dict[str, Any]", document.value)
        methods = (self._method(name, method, document) for name, method in value["methods"].items())
        return Service(
            value["service"],
            file.rpartition("/")[0],
            document.at(""),
            tuple(method for method in methods if method is not None),
            value.get("description", ""),
            tuple(value.get("undescribed", ())),
        )

    def _method(self, name: str, value: dict[str, Any], document: Document) -> Method | None:
        at = f"/methods/{token(name)}"
        http = value.get("http", {})
        verb = next((verb for verb in VERBS if verb in http), "")
        request = self._type(value["request"], document, f"{at}/request")
        responses = self._responses(value, document, at)
        response = self._response(value, responses, document, at)
        if response is None or request is None:
            return None
        method = Method(
            name=name,
            request=request,
            response=response,
            where=document.at(at),
            description=value.get("description", ""),
            deprecated=value.get("deprecated", False),
            verb=verb.upper(),
            path=http.get(verb, ""),
            body=http.get("body", ""),
            response_body=http.get("response_body", ""),
            responses=responses,
            places=tuple(sorted((prop, _place(stated)) for prop, stated in value.get("in", {}).items())),
            styles=tuple(sorted(_styles(value.get("in", {})), key=lambda pair: pair[0])),
            state=State(**value["state"]) if "state" in value else None,
            stream=value.get("stream", ""),
        )
        return method if self._consistent(method, document, at) else None

    def _responses(self, value: dict[str, Any], document: Document, at: str) -> tuple[StatusBody, ...]:
        stated: dict[str, Any] = dict(value.get("responses", {}))
        if "response" in value and not any(status[0] in "123d" for status in stated) and value.get("http"):
            stated = {"200": value["response"], **stated}
        bodies: list[StatusBody] = []
        for status, body in stated.items():
            for alternative in cast("list[object]", body) if isinstance(body, list) else [body]:
                bodies.append(self._body(status, alternative, document, f"{at}/responses/{status}"))
        return tuple(bodies)

    def _body(self, status: str, body: Any, document: Document, at: str) -> StatusBody:
        if body is None:
            return StatusBody(status, media_type="")
        if isinstance(body, str):
            return StatusBody(status, type=self._type(body, document, at))
        if "const" in body:
            rpc = self._type(body["rpc"], document, f"{at}/rpc") if "rpc" in body else None
            return StatusBody(status, const=json.dumps(body["const"], sort_keys=True), rpc=rpc)
        if "text" in body:
            return StatusBody(status, body.get("media_type", "text/plain"), text=True)
        media_type = body.get("media_type", "application/json")
        return StatusBody(status, media_type, self._type(body["schema"], document, f"{at}/schema"))

    def _response(
        self, value: dict[str, Any], responses: tuple[StatusBody, ...], document: Document, at: str
    ) -> TypeId | None:
        if "response" in value:
            return self._type(value["response"], document, f"{at}/response")
        good = [body for body in responses if body.status[0] in "2d"]
        found = next((body.type for body in good if body.type), None) or next((b.rpc for b in good if b.rpc), None)
        if found is None and not self.diagnostics:
            self._report(
                SERVICE_INVALID, document, at, "no response is stated", "add response, or rpc beside a const body"
            )
        return found

    def _type(self, reference: str, document: Document, at: str) -> TypeId | None:
        found = self._sources.resolve(document.path, "", reference)
        if isinstance(found, Target):
            key = TypeId(found.path.removeprefix(self._folder + "/"), found.pointer)
            if key in self._definitions:
                return key
            self._report(
                SERVICE_SCHEMA_MISSING,
                document,
                at,
                f"{reference} is not a schema of this project",
                "name a schema file",
            )
            return None
        self._report(SERVICE_SCHEMA_MISSING, document, at, f"no schema {reference}: {found.message}", found.hint)
        return None

    def _consistent(self, method: Method, document: Document, at: str) -> bool:
        before = len(self.diagnostics)
        if method.verb and not _PATH.fullmatch(method.path):
            self._report(
                SERVICE_PATH_INVALID,
                document,
                f"{at}/http/{method.verb.lower()}",
                f"{method.path!r} is not a path template",
                "a template looks like /session/{sessionID}",
            )
        else:
            self._check_properties(method, document, at)
        return len(self.diagnostics) == before

    def _check_properties(self, method: Method, document: Document, at: str) -> None:
        request = self._properties(method.request)
        response = self._properties(method.response)
        parameters = path_parameters(method.path)
        for name in sorted({name for name in parameters if parameters.count(name) > 1}):
            words, hint = f"{{{name}}} stands twice in {method.path}", "each parameter has one place"
            self._report(SERVICE_PATH_INVALID, document, f"{at}/http/{method.verb.lower()}", words, hint)
        for name in parameters:
            if name not in request:
                self._missing(SERVICE_PATH_INVALID, name, method.request, document, f"{at}/http/{method.verb.lower()}")
        wanted = [(method.body, "http/body")] if method.body not in ("", "*") else []
        wanted += [(name, f"in/{token(name)}") for name, _ in method.places]
        if method.state is not None:
            wanted += [(method.state.key, "state/key"), (method.state.value, "state/value")]
        for name, place in wanted:
            if name not in request:
                self._missing(SERVICE_PROPERTY_MISSING, name, method.request, document, f"{at}/{place}")
        if method.response_body and method.response_body not in response:
            place = f"{at}/http/response_body"
            self._missing(SERVICE_PROPERTY_MISSING, method.response_body, method.response, document, place)

    def _properties(self, key: TypeId) -> Mapping[str, Property]:
        shape = self._definitions[key].node.shape
        while isinstance(shape, Ref):
            shape = self._definitions[shape.target].node.shape
        return {prop.name: prop for prop in shape.properties} if isinstance(shape, Record) else {}

    def _missing(self, code: Code, name: str, key: TypeId, document: Document, at: str) -> None:
        known = ", ".join(self._properties(key)) or "none"
        self._report(code, document, at, f"{name} is not a property of {key}", f"its properties are: {known}")

    def _report(self, code: Code, document: Document, pointer: str, message: str, hint: str) -> None:
        self.diagnostics.append(Diagnostic(code, document.at(pointer), message, hint))


def _place(stated: str | Mapping[str, Any]) -> str:
    return stated if isinstance(stated, str) else str(stated["place"])


def _styles(places: Mapping[str, Any]) -> list[tuple[str, Style]]:
    """The styles of the parameters that state more than their place."""
    long = {prop: cast("dict[str, Any]", place) for prop, place in places.items() if isinstance(place, dict)}
    stated = {prop: {key: value for key, value in place.items() if key != "place"} for prop, place in long.items()}
    return [(prop, Style(**style)) for prop, style in stated.items() if style]
