"""Things of our own, created, listed, read, changed and deleted; whatever happens, the deletion is tried.

What can be made is told by the paths: a POST to `/things` whose answer is described to have the key (a
member of that name, or `id`) of a DELETE of `/things/{key}`, itself or in its one member that has it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from wirelock.diagnostics import Diagnostic, Location
from wirelock.ir import Definition, Method, Property, Record, Service, TypeId
from wirelock.lower.unions import follow
from wirelock.runtime.findings import Contract
from wirelock.runtime.json.pointers import token
from wirelock.runtime.json.text import Json, MalformedText, dump, parse
from wirelock.serve.live.client import Call
from wirelock.serve.live.codes import CLEANUP_FAILED
from wirelock.serve.live.reads import key_of
from wirelock.serve.live.request_bodies import body
from wirelock.serve.live.state import Run, Stopped, not_served
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.http.parameters import properties

WORDS = "wirelock live check"
"""How what we make is called, so that people know whose it is."""
_MEMBER = re.compile(r"(/[^{}]*)/\{([^{}=]+)\}")

_GONE = (404, 410)
_UNSAID = "what it makes could not be deleted"

Contracts = Callable[[TypeId], Contract]


@dataclass(frozen=True, slots=True)
class Resource:
    """A collection whose things we can make and unmake; `parameter` is their key in the path, `others` by verb."""

    collection: str
    parameter: str
    create: Method
    delete: Method
    list: Method | None = None
    others: tuple[Method, ...] = ()


def resources(services: Iterable[Service]) -> list[Resource]:
    """The resources that services describe, by the paths of their methods."""
    methods = [m for service in services for m in service.methods if m.verb and not m.stream]
    by_call = {(m.verb.upper(), m.path): m for m in methods}
    found: list[Resource] = []
    for method in methods:
        member = _MEMBER.fullmatch(method.path)
        if method.verb.upper() != "DELETE" or member is None:
            continue
        create = by_call.get(("POST", member[1]))
        if create is not None:
            others = tuple(by_call[v, method.path] for v in ("GET", "PATCH", "PUT") if (v, method.path) in by_call)
            found.append(Resource(member[1], member[2], create, method, by_call.get(("GET", member[1])), others))
    return sorted(found, key=lambda resource: resource.collection)


async def live_through(run: Run, resource: Resource, contracts: Contracts) -> None:
    """Make one thing of a resource, use it, and delete it; raises Stopped.

    Neither the creation nor the deletion is left in mid-air: a cancelled check waits for their answers.
    """
    call = _call(run, resource.create, resource.collection, resource, contracts)
    if call is None:
        return
    if needed := run.needs(resource.delete):
        run.leave_out(resource.create, f"{_UNSAID}: {needed}")
        return
    if _holder(resource, run.graph.definitions) is None:
        run.leave_out(resource.create, f"its answer is not described to have {resource.parameter} or id: {_UNSAID}")
        return
    creating = asyncio.ensure_future(run.server.ask(call))
    try:
        await asyncio.shield(creating)
        made = run.take(resource.create, call, creating.result())
        if made is not None and (path := _path(run, resource, made)):
            await _use(run, resource, path, contracts)
    finally:
        await _to_the_end(_delete(run, resource, call, creating))


async def _to_the_end(work: Coroutine[None, None, None]) -> None:
    """Await something that is not to be cancelled, however often that is tried; the cancellation comes after it."""
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


def _call(run: Run, method: Method, path: str, resource: Resource, contracts: Contracts) -> Call | None:
    """A call whose body its own type accepts; None, and a note, if there is none."""
    draft = body(method, run.graph.definitions, WORDS) if method.body else {}
    given: dict[str, Json] = {resource.parameter: WORDS} if f"{{{resource.parameter}}}" in method.path else {}
    inside: Json = draft if method.body in ("", "*") else {method.body: draft}
    whole = {**inside, **given} if isinstance(inside, dict) else inside
    key = f"/{token(resource.parameter)}"  # that of a thing not made yet
    found = contracts(method.request).validator_findings(dump(whole))
    faults = [finding for finding in found if not finding.warning and finding.pointer != key]
    if reason := run.needs(method) or (f"no body for it can be made up: {faults[0].message}" if faults else ""):
        run.leave_out(method, reason)
        return None
    return Call(method.verb.upper(), path, dump(draft) if method.body else None)


async def _use(run: Run, resource: Resource, path: str, contracts: Contracts) -> None:
    """List, read, change, and read again."""
    reads = [method for method in resource.others if method.verb.upper() == "GET"]
    changes = [method for method in resource.others if method not in reads]
    if resource.list is not None and not run.needs(resource.list):
        await run.ask(resource.list, Call("GET", resource.collection))
    for method in (*reads, *changes, *reads):
        if call := _call(run, method, path, resource, contracts):
            await run.ask(method, call)


async def _delete(run: Run, resource: Resource, call: Call, creating: asyncio.Future[Exchange | Diagnostic]) -> None:
    """Delete what was made, and look whether it is gone."""
    made = await creating
    if isinstance(made, Diagnostic):
        if not made.code.fatal:  # it arrived, and what came of it is not known
            _left(run, f"{call} was not answered: what it made, if anything, is still there")
        return
    if made.status >= 300 or not_served(resource.create, made):
        return
    path = _path(run, resource, made)
    if not path:
        _left(run, f"the answer to {call} does not say what was made: no {resource.parameter} and no id in it")
        return
    deletion = Call("DELETE", path)
    answer = await run.server.ask(deletion)
    if isinstance(answer, Diagnostic) and answer.code.fatal:
        _left(run, f"{path} is still there: {answer.message}")
    run.take(resource.delete, deletion, answer)
    if reason := await _remains(run, resource, path, answer):
        _left(run, f"{path} is still there: {reason}")


async def _remains(run: Run, resource: Resource, path: str, deleted: Exchange | Diagnostic) -> str:
    """Why we think that a thing is still there, "" if it is gone; who does not answer may have deleted it."""
    if isinstance(deleted, Exchange) and not_served(resource.delete, deleted):
        return "the server does not know its deletion"
    if isinstance(deleted, Exchange) and deleted.status >= 300:
        return "" if deleted.status in _GONE else f"its deletion is answered {deleted.status}"
    reading = next((method for method in resource.others if method.verb.upper() == "GET"), None)
    unknown = deleted.message if isinstance(deleted, Diagnostic) else ""
    try:
        answer = await run.ask(reading, Call("GET", path)) if reading is not None else None
    except Stopped:
        if unknown:
            _left(run, f"{path} may still be there: {unknown}")
        raise
    if answer is None:
        return unknown
    return "it can be read after it was deleted" if answer.status < 300 else ""


def _left(run: Run, words: str) -> None:
    hint = f"look for it on the server ({WORDS!r} is its title or name, if it has one), and delete it"
    run.diagnostics.append(Diagnostic(CLEANUP_FAILED, Location(run.server.upstream.url), words, hint))


def _path(run: Run, resource: Resource, made: Exchange) -> str:
    """The path of what was made, "" if the answer does not say it."""
    if made.status >= 300 or made.response is None:
        return ""
    try:
        value = parse(made.response.text)
    except MalformedText:
        return ""
    holder = _holder(resource, run.graph.definitions)
    value = value.get(holder) if holder and isinstance(value, dict) else value
    key = key_of(value, resource.parameter) if isinstance(value, dict) else ""
    return f"{resource.collection}/{quote(key, safe='')}" if key else ""


def _holder(resource: Resource, definitions: Mapping[TypeId, Definition]) -> str | None:
    """Where the answer to a creation has the key: "" for the answer itself, else its one property that holds it."""
    keys = {resource.parameter, "id"}
    answers = [one.type for one in resource.create.responses if one.status[0] == "2" and one.type is not None]
    stated: Mapping[str, Property] = properties(answers[0], definitions) if answers else {}
    if not keys.isdisjoint(stated):
        return ""
    shapes = {name: follow(prop.node, definitions).shape for name, prop in stated.items()}
    holding = [
        name
        for name, shape in shapes.items()
        if isinstance(shape, Record) and not keys.isdisjoint(prop.name for prop in shape.properties)
    ]
    return holding[0] if len(holding) == 1 else None
