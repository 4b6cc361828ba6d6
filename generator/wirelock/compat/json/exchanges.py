"""The HTTP exchanges of one method in two states: where parameters go, and which statuses and bodies are answered.

What is wrong stands at the method. A witness is the part of an exchange that the other state does not know; of a body,
a document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.compat.json.bodies import Answers, Matched
from wirelock.compat.json.change import Broken, Holds, JsonChange, Proof, Unproved
from wirelock.compat.json.parameters import Moved
from wirelock.compat.json.prover import Prover
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
from wirelock.compat.method_ids import answers_of, requests_of, service_file
from wirelock.ir import Method, Service, StatusBody
from wirelock.runtime.json.text import Json, parse

_AN_ERROR = Unproved("whether who does not know an error takes it as any other, no schema says")


@dataclass(frozen=True, slots=True)
class Exchanges:
    """A method of the new state with its former self."""

    service: Service
    old: Method
    new: Method

    def request(self, rule: TypeRule, message: str, backward: Proof, forward: Proof) -> JsonChange:
        """A change of what the method is sent."""
        key = requests_of(self.service, self.new)
        return JsonChange(rule.id, key, self.new.where, self._place, message, rule.hint, backward, forward)

    def answer(self, rule: TypeRule, message: str, backward: Proof, forward: Proof) -> JsonChange:
        """A change of what the method answers."""
        key = answers_of(self.service, self.new)
        return JsonChange(rule.id, key, self.new.where, self._place, message, rule.hint, backward, forward)

    @property
    def _place(self) -> str:
        return f"{service_file(self.service)}#{self.new.where.pointer}"

    def parameters(self, found: Moved) -> JsonChange:
        """A parameter that is elsewhere, or is written in another way."""
        was, now = found.old, found.new
        if was.place != now.place:
            words = f"parameter `{found.property}` was in the {was.place}, and is in the {now.place}"
            rule, proofs = parameter_place_changed, ({"in": was.place}, {"in": now.place})
        else:
            words = f"parameter `{found.property}` was {was.words}, and is {now.words}"
            rule, proofs = parameter_style_changed, ({"style": was.words}, {"style": now.words})
        back, fore = (Broken({"parameter": found.property, **one}) for one in proofs)
        return self.request(rule, words, back, fore)

    def answers(self, found: Answers, backward: Prover, forward: Prover) -> Iterator[JsonChange]:
        """The statuses and the forms of bodies that only one of the states has."""
        for status in found.removed:
            yield self.answer(response_status_removed, f"status {status} was removed", _unknown(status), Holds())
        for status in found.added:
            yield self.answer(response_status_added, f"status {status} was added", Holds(), _unknown(status))
        for matched in found.matched:
            yield from self._forms(matched, backward, forward)
            yield from self._media_types(matched)

    def _forms(self, matched: Matched, backward: Prover, forward: Prover) -> Iterator[JsonChange]:
        for body in matched.removed:
            proof = _read(body, matched.after, backward)
            words = f"{_form(body)} was removed from what status {body.status} answers"
            yield self.answer(response_body_removed, words, proof, Holds())
        for body in matched.added:
            proof = _read(body, matched.before, forward)
            words = f"{_form(body)} was added to what status {body.status} answers"
            yield self.answer(response_body_added, words, Holds(), proof)

    def _media_types(self, matched: Matched) -> Iterator[JsonChange]:
        for old, new in matched.pairs:
            if old.media_type != new.media_type:
                words = f"the media type of status {new.status} was {old.media_type}, and is {new.media_type}"
                back, fore = (Broken(_shown(body)) for body in (old, new))
                yield self.answer(response_media_type_changed, words, back, fore)


def _form(body: StatusBody) -> str:
    """A body in words."""
    if body.type is not None:
        return str(body.type)
    if body.const is not None:
        return body.const
    return f"text of {body.media_type}" if body.text else "an empty body"


def _shown(body: StatusBody) -> Json:
    """What an answer shows of a body that no document shows."""
    return {"status": body.status, **({"media_type": body.media_type} if body.media_type else {})}


def _unknown(status: str) -> Proof:
    return Broken({"status": status}) if status[0] in "123d" else _AN_ERROR


def _read(body: StatusBody, known: tuple[StatusBody, ...], prover: Prover) -> Proof:
    """Whether a body is one of the forms that are known."""
    if body.type is None:
        return _fixed(body, known, prover)
    types = [one.type for one in known if one.type is not None and one.media_type == body.media_type]
    return prover.one_of(body.type, types)


def _fixed(body: StatusBody, known: tuple[StatusBody, ...], prover: Prover) -> Proof:
    """The proof for a body that no schema describes; a constant may be a document of one that is described."""
    if body.const is None:
        same = any(one.text == body.text and one.media_type == body.media_type and one.type is None for one in known)
        return Holds() if same else Broken(_shown(body))
    value: Json = parse(body.const.encode())
    types = [one.type for one in known if one.type is not None and one.media_type == body.media_type]
    return Holds() if any(prover.reads(key, value) for key in types) else Broken(value)
