"""Methods to service files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from wirelock.ir import Style
from wirelock.naming import pascal
from wirelock.openapi.files import EMPTY, Files
from wirelock.openapi.methods import JSON, Form, Method
from wirelock.runtime.json.text import Json


def service_name(package: str, messages: Sequence[str]) -> str:
    """The service of a package, unless a message is called so."""
    name = f"{pascal(package)}Service"
    return f"{name}Api" if name in map(pascal, messages) else name


def service(name: str, description: str, methods: Sequence[Method], files: Files) -> Json:
    """The content of a service file."""
    head: dict[str, Json] = {"service": name}
    if description:
        head["description"] = description
    return {**head, "methods": {method.name: _method(method, files) for method in methods}}


def _method(method: Method, files: Files) -> Json:
    operation = method.operation
    value: dict[str, Json] = {"description": operation.description} if operation.description else {}
    if operation.deprecated:
        value["deprecated"] = True
    value["request"] = files.relative(method.request, method.package)
    response = files.relative(method.response, method.package)
    answers = {status: _answer(forms, method, files) for status, forms in method.forms.items()}
    if answers.get("200") == response and not any(s[0] in "123d" for s in answers if s != "200"):
        del answers["200"]  # `response` says it
    value["response"] = response
    if operation.verb:
        value["http"] = _http(method)
    places = {p.property: _place(p.place, p.style) for p in operation.parameters if p.place != "path"}
    if places:
        value["in"] = places
    if answers:
        value["responses"] = answers
    return {**value, "stream": "sse"} if method.streams else value


def _http(method: Method) -> Json:
    value: dict[str, Json] = {method.operation.verb: method.operation.path}
    if method.body:
        value["body"] = method.body
    return {**value, "x-media-type": method.request_media} if method.request_media else value


def _place(place: str, style: Style) -> Json:
    stated: dict[str, Json] = {key: value for key, value in asdict(style).items() if value not in ("", None)}
    return {"place": place, **stated} if stated else place


def _answer(forms: Sequence[Form], method: Method, files: Files) -> Json:
    bodies = [_body(form, method, files) for form in forms]
    return bodies[0] if len(bodies) == 1 else bodies


def _body(form: Form, method: Method, files: Files) -> Json:
    if form.const:
        rpc = files.relative(EMPTY, method.package)
        return {"const": form.const[0], **({"rpc": rpc} if method.response == EMPTY else {})}
    if form.source:
        schema = files.relative(form.source, method.package)
        return schema if form.media_type == JSON else {"schema": schema, "media_type": form.media_type}
    if not form.media_type:
        return None
    return {"text": True, **({"media_type": form.media_type} if form.media_type != "text/plain" else {})}
