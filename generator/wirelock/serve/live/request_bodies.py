"""Small valid request bodies for the methods that create and change resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from wirelock.compat.json.samples import Samples
from wirelock.compat.json.views import View
from wirelock.ir import Definition, Method, Node, Object, String, TypeId
from wirelock.lower.unions import resolve_refs
from wirelock.runtime.findings import Contract
from wirelock.runtime.json.pointers import escape_token
from wirelock.runtime.json.text import Json, dump
from wirelock.traffic.http.parameters import get_properties

Contracts = Callable[[TypeId], Contract]
TITLE_PROPERTIES = ("title", "name")
"""Properties that identify a resource for people."""


class NoValidBody(ValueError):
    """Raised when no sample of a request body is valid; the text gives the reason."""


class RequestBodies:
    """A builder of request bodies from samples of their schemas.

    A body contains the required properties, and `title` as its title or name if it has one. Strings without a pattern
    contain it as well, because servers may reject empty ones.
    """

    def __init__(self, definitions: Mapping[TypeId, Definition], contracts: Contracts, title: str) -> None:
        self._definitions = definitions
        self._contracts = contracts
        self._title = title
        self._view = View(definitions, is_closed=True, asserts_formats=True)
        self._samples = Samples(self._view)

    def build(self, method: Method, path_parameters: Mapping[str, Json]) -> bytes | None:
        """Return a valid body as JSON, or None for a method without a body; raises NoValidBody.

        `path_parameters` may be placeholders; findings on them are ignored.
        """
        reason = "its schema has no known sample"
        ignored = {f"/{escape_token(name)}" for name in path_parameters}
        for body in self._list_candidates(method):
            members: Json = body if method.body in ("", "*") else {method.body: body}
            request = {**members, **path_parameters} if isinstance(members, dict) else members
            findings = self._contracts(method.request).check_schema(dump(request))
            errors = [finding for finding in findings if not finding.warning and finding.pointer not in ignored]
            if not errors:
                return dump(body) if method.body else None
            reason = errors[0].message
        raise NoValidBody(reason)

    def _list_candidates(self, method: Method) -> Iterator[Json]:
        """Yield samples of a body, those with a title first."""
        node = self._find_node(method)
        if node is None:
            yield {}
            return
        samples = self._samples.sample(node)
        for sample in samples:
            yield self._add_title(node, sample)
        yield from samples

    def _find_node(self, method: Method) -> Node | None:
        """Return the node of the body: one property of the request, or all that are not parameters."""
        properties = get_properties(method.request, self._definitions)
        if method.body != "*":
            return properties[method.body].node if method.body in properties else None
        node = resolve_refs(self._definitions[method.request].node, self._definitions)
        if not isinstance(node.shape, Object):
            return node
        parameters = {name for name, _ in method.parameter_locations}
        parameters |= {name for name in properties if f"{{{name}}}" in method.path}
        members = tuple(prop for prop in node.shape.properties if prop.name not in parameters)
        return replace(node, shape=replace(node.shape, properties=members))

    def _add_title(self, node: Node, sample: Json) -> Json:
        """Return an object with the title in its strings, as far as their lengths, patterns and formats allow it."""
        shape = resolve_refs(node, self._definitions).shape
        if not isinstance(shape, Object) or not isinstance(sample, dict):
            return sample
        titled = dict(sample)
        for prop in shape.properties:
            string = resolve_refs(prop.node, self._definitions).shape
            if isinstance(string, String) and (prop.name in sample or prop.name in TITLE_PROPERTIES):
                text = self._title.ljust(string.min_length, ".")[: string.max_length]
                if self._view.fits(prop.node, text):
                    titled[prop.name] = text
        return titled
