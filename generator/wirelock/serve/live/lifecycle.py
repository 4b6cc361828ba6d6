"""Lifecycles of test resources: create, list, read, change and delete; deletion is always attempted.

The paths define the resources: a POST to `/things` and a DELETE of `/things/{key}`. The described response of the POST
must contain the key, a member of that name or `id`, at its top level or in the only member that has one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from wirelock.diagnostics import Diagnostic, Location
from wirelock.ir import Definition, Method, Object, Property, Service, TypeId
from wirelock.lower.unions import resolve_refs
from wirelock.path_templates import find_variables, parse_variable
from wirelock.runtime.json.text import Json, MalformedText, parse
from wirelock.serve.live.client import LiveCall
from wirelock.serve.live.codes import CLEANUP_FAILED
from wirelock.serve.live.reads import get_key
from wirelock.serve.live.request_bodies import NoValidBody, RequestBodies
from wirelock.serve.live.state import CheckAborted, LiveCheckState, describe_not_served
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.http.parameters import get_properties

TITLE = "wirelock live check"
"""The title or name of created resources, so that people can recognize them."""
_DELETED_STATUSES = (404, 410)
_NOT_DELETABLE = "the created resource could not be deleted"


@dataclass(frozen=True, slots=True)
class Resource:
    """A collection whose members can be created and deleted; `parameter` is the path parameter of a member.

    `others` are the methods that read and change a member.
    """

    collection: str
    parameter: str
    create: Method
    delete: Method
    list: Method | None = None
    others: tuple[Method, ...] = ()


def find_resources(services: Iterable[Service]) -> list[Resource]:
    """Return the resources that services describe, sorted by path."""
    methods = [m for service in services for m in service.methods if m.verb and not m.stream]
    by_call = {(m.verb.upper(), m.path): m for m in methods}
    resources: list[Resource] = []
    for method in methods:
        collection, _, last = method.path.rpartition("/")
        variable = parse_variable(last)
        if method.verb.upper() != "DELETE" or variable is None or variable.pattern or find_variables(collection):
            continue
        create = by_call.get(("POST", collection))
        if create is not None:
            others = tuple(by_call[v, method.path] for v in ("GET", "PATCH", "PUT") if (v, method.path) in by_call)
            resources.append(
                Resource(collection, variable.name, create, method, by_call.get(("GET", collection)), others)
            )
    return sorted(resources, key=lambda resource: resource.collection)


async def exercise_resource(state: LiveCheckState, resource: Resource, bodies: RequestBodies) -> None:
    """Create a member of a resource, call its methods, and delete it; raises CheckAborted.

    A cancelled check waits for the responses to the creation and to the deletion.
    """
    call = _build_call(state, resource.create, resource.collection, resource, bodies)
    if call is None:
        return
    if missing := state.describe_missing_parameters(resource.delete):
        state.skip(resource.create, f"{_NOT_DELETABLE}: {missing}")
        return
    if _find_key_holder(resource, state.graph.definitions) is None:
        reason = f"its described response has neither {resource.parameter} nor id"
        state.skip(resource.create, f"{_NOT_DELETABLE}: {reason}")
        return
    creating = asyncio.ensure_future(state.server.send(call))
    try:
        await asyncio.shield(creating)
        created = state.add_result(resource.create, call, creating.result())
        if created is not None and (path := _find_path(state, resource, created)):
            await _call_members(state, resource, path, bodies)
    finally:
        await _await_uncancelled(_delete(state, resource, call, creating))


async def _await_uncancelled(work: Coroutine[None, None, None]) -> None:
    """Await a coroutine to its end, even if the caller is cancelled; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        task.result()
        raise cancelled


def _build_call(
    state: LiveCheckState, method: Method, path: str, resource: Resource, bodies: RequestBodies
) -> LiveCall | None:
    """Return a call with a valid body; skip the method and return None if that is impossible."""
    if missing := state.describe_missing_parameters(method):
        state.skip(method, missing)
        return None
    parameters: dict[str, Json] = {resource.parameter: TITLE} if f"{{{resource.parameter}}}" in method.path else {}
    try:
        return LiveCall(method.verb.upper(), path, bodies.build(method, parameters))
    except NoValidBody as error:
        state.skip(method, f"no valid request body is known: {error}")
        return None


async def _call_members(state: LiveCheckState, resource: Resource, path: str, bodies: RequestBodies) -> None:
    """List the collection; read, change and read the created member."""
    reads = [method for method in resource.others if method.verb.upper() == "GET"]
    changes = [method for method in resource.others if method not in reads]
    if resource.list is not None and not state.describe_missing_parameters(resource.list):
        await state.call(resource.list, LiveCall("GET", resource.collection))
    for method in (*reads, *changes, *reads):
        if call := _build_call(state, method, path, resource, bodies):
            await state.call(method, call)


async def _delete(
    state: LiveCheckState, resource: Resource, call: LiveCall, creating: asyncio.Future[Exchange | Diagnostic]
) -> None:
    """Delete the created member, and check that it is gone."""
    created = await creating
    if isinstance(created, Diagnostic):
        if not created.code.fatal:  # the server received the request, and its effect is unknown
            _report_cleanup_failed(state, f"{call} got no response: a created resource, if any, still exists")
        return
    if created.status >= 300 or describe_not_served(resource.create, created):
        return
    path = _find_path(state, resource, created)
    if not path:
        reason = f"it has neither {resource.parameter} nor id"
        _report_cleanup_failed(state, f"the response to {call} does not identify the created resource: {reason}")
        return
    deletion = LiveCall("DELETE", path)
    response = await state.server.send(deletion)
    if isinstance(response, Diagnostic) and response.code.fatal:
        _report_cleanup_failed(state, f"{path} still exists: {response.message}")
    state.add_result(resource.delete, deletion, response)
    if reason := await _find_reason_to_remain(state, resource, path, response):
        _report_cleanup_failed(state, f"{path} still exists: {reason}")


async def _find_reason_to_remain(
    state: LiveCheckState, resource: Resource, path: str, deletion: Exchange | Diagnostic
) -> str:
    """Return the evidence that a member still exists, or ""; without a response it may be deleted or not."""
    if isinstance(deletion, Exchange) and describe_not_served(resource.delete, deletion):
        return "the server does not serve DELETE for it"
    if isinstance(deletion, Exchange) and deletion.status >= 300:
        return "" if deletion.status in _DELETED_STATUSES else f"its DELETE returned {deletion.status}"
    read = next((method for method in resource.others if method.verb.upper() == "GET"), None)
    error = deletion.message if isinstance(deletion, Diagnostic) else ""
    try:
        response = await state.call(read, LiveCall("GET", path)) if read is not None else None
    except CheckAborted:
        if error:
            _report_cleanup_failed(state, f"{path} may still exist: {error}")
        raise
    if response is None:
        return error
    return "it can be read after its deletion" if response.status < 300 else ""


def _report_cleanup_failed(state: LiveCheckState, message: str) -> None:
    hint = f"find it on the server (its title or name, if it has one, is {TITLE!r}) and delete it"
    state.diagnostics.append(Diagnostic(CLEANUP_FAILED, Location(state.server.upstream.url), message, hint))


def _find_path(state: LiveCheckState, resource: Resource, created: Exchange) -> str:
    """Return the path of the created member, or "" if the response does not contain its key."""
    if created.status >= 300 or created.response is None:
        return ""
    try:
        value = parse(created.response.text)
    except MalformedText:
        return ""
    holder = _find_key_holder(resource, state.graph.definitions)
    value = value.get(holder) if holder and isinstance(value, dict) else value
    key = get_key(value, resource.parameter) if isinstance(value, dict) else ""
    return f"{resource.collection}/{quote(key, safe='')}" if key else ""


def _find_key_holder(resource: Resource, definitions: Mapping[TypeId, Definition]) -> str | None:
    """Return the property of the described response that contains the key; "" for the response itself, else None."""
    keys = {resource.parameter, "id"}
    types = [body.type for body in resource.create.responses if body.status[0] == "2" and body.type is not None]
    properties: Mapping[str, Property] = get_properties(types[0], definitions) if types else {}
    if not keys.isdisjoint(properties):
        return ""
    shapes = {name: resolve_refs(prop.node, definitions).shape for name, prop in properties.items()}
    holders = [
        name
        for name, shape in shapes.items()
        if isinstance(shape, Object) and not keys.isdisjoint(prop.name for prop in shape.properties)
    ]
    return holders[0] if len(holders) == 1 else None
