"""HTTP exchanges of one method in two states: parameters, statuses and bodies.

Changes are located at the method. A witness is the part of an exchange that the other state does not know; for a body
it is a document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.compat.json.bodies import MatchedBodies, MatchedResponses
from wirelock.compat.json.change import JsonChange, Proof, Proved, Refuted, Unknown
from wirelock.compat.json.parameters import ParameterChange
from wirelock.compat.json.prover import InclusionProver
from wirelock.compat.json.rules.exchange import (
    parameter_place_changed,
    parameter_style_changed,
    response_body_added,
    response_body_removed,
    response_media_type_changed,
    response_status_added,
    response_status_removed,
)
from wirelock.compat.json.rules.type import TypeRule
from wirelock.compat.method_ids import get_request_id, get_response_id, get_service_file
from wirelock.ir import Method, Service, StatusBody
from wirelock.runtime.json.text import Json, parse

_ERROR_STATUS = Unknown("no schema says if clients handle an unknown error status like any other error")


@dataclass(frozen=True, slots=True)
class MethodPair:
    """A method in the old and the new state."""

    service: Service
    old: Method
    new: Method

    def build_request_change(self, rule: TypeRule, message: str, backward: Proof, forward: Proof) -> JsonChange:
        """Return a change of the method's requests."""
        key = get_request_id(self.service, self.new)
        return JsonChange(rule.id, key, self.new.location, self._schema_location, message, rule.hint, backward, forward)

    def build_response_change(self, rule: TypeRule, message: str, backward: Proof, forward: Proof) -> JsonChange:
        """Return a change of the method's responses."""
        key = get_response_id(self.service, self.new)
        return JsonChange(rule.id, key, self.new.location, self._schema_location, message, rule.hint, backward, forward)

    @property
    def _schema_location(self) -> str:
        return f"{get_service_file(self.service)}#{self.new.location.pointer}"

    def build_parameter_change(self, change: ParameterChange) -> JsonChange:
        """Return the change of a parameter that has another location or style."""
        old, new = change.old, change.new
        if old.location != new.location:
            message = f"parameter `{change.property}` was in the {old.location}, is now in the {new.location}"
            rule, proofs = parameter_place_changed, ({"in": old.location}, {"in": new.location})
        else:
            message = f"parameter `{change.property}` was {old.description}, is now {new.description}"
            rule, proofs = parameter_style_changed, ({"style": old.description}, {"style": new.description})
        backward, forward = (Refuted({"parameter": change.property, **witness}) for witness in proofs)
        return self.build_request_change(rule, message, backward, forward)

    def compare_responses(
        self, responses: MatchedResponses, backward: InclusionProver, forward: InclusionProver
    ) -> Iterator[JsonChange]:
        """Yield the changes of statuses and bodies."""
        for status in responses.removed:
            yield self.build_response_change(
                response_status_removed, f"status {status} was removed", _prove_status(status), Proved()
            )
        for status in responses.added:
            yield self.build_response_change(
                response_status_added, f"status {status} was added", Proved(), _prove_status(status)
            )
        for matched in responses.matched:
            yield from self._compare_bodies(matched, backward, forward)
            yield from self._compare_media_types(matched)

    def _compare_bodies(
        self, matched: MatchedBodies, backward: InclusionProver, forward: InclusionProver
    ) -> Iterator[JsonChange]:
        for body in matched.removed:
            proof = _prove_body(body, matched.after, backward)
            message = f"{_format_body(body)} was removed from the bodies of status {body.status}"
            yield self.build_response_change(response_body_removed, message, proof, Proved())
        for body in matched.added:
            proof = _prove_body(body, matched.before, forward)
            message = f"{_format_body(body)} was added to the bodies of status {body.status}"
            yield self.build_response_change(response_body_added, message, Proved(), proof)

    def _compare_media_types(self, matched: MatchedBodies) -> Iterator[JsonChange]:
        for old, new in matched.pairs:
            if old.media_type != new.media_type:
                message = f"the media type of status {new.status} was {old.media_type}, is now {new.media_type}"
                backward, forward = (Refuted(_build_witness(body)) for body in (old, new))
                yield self.build_response_change(response_media_type_changed, message, backward, forward)


def _format_body(body: StatusBody) -> str:
    """Return the name of a body for messages."""
    if body.type is not None:
        return str(body.type)
    if body.const is not None:
        return body.const
    return f"text of {body.media_type}" if body.text else "an empty body"


def _build_witness(body: StatusBody) -> Json:
    """Return the part of a response that shows a body without a document."""
    return {"status": body.status, **({"media_type": body.media_type} if body.media_type else {})}


def _prove_status(status: str) -> Proof:
    return Refuted({"status": status}) if status[0] in "123d" else _ERROR_STATUS


def _prove_body(body: StatusBody, known: tuple[StatusBody, ...], prover: InclusionProver) -> Proof:
    """Prove that a body is one of the known bodies of its status."""
    if body.type is None:
        return _prove_fixed_body(body, known, prover)
    types = [other.type for other in known if other.type is not None and other.media_type == body.media_type]
    return prover.prove_any(body.type, types)


def _prove_fixed_body(body: StatusBody, known: tuple[StatusBody, ...], prover: InclusionProver) -> Proof:
    """Prove that a body without a schema is known; a constant may be a document of a known type."""
    if body.const is None:
        is_known = any(
            other.text == body.text and other.media_type == body.media_type and other.type is None for other in known
        )
        return Proved() if is_known else Refuted(_build_witness(body))
    value: Json = parse(body.const.encode())
    types = [other.type for other in known if other.type is not None and other.media_type == body.media_type]
    return Proved() if any(prover.is_readable(key, value) for key in types) else Refuted(value)
