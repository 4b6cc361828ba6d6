"""HTTP errors as failures: the status says the code, and the server's own error body goes along."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import StringValue

from wirelock.ir import TypeId
from wirelock.loader import TypeContract
from wirelock.runtime.codec.codec import Refused
from wirelock.serve.bridge.codes import UPSTREAM_ERROR
from wirelock.serve.bridge.status import Failure
from wirelock.serve.bridge.status_codes import code_of
from wirelock.traffic.conformance.outcomes import Fault, Held, Part
from wirelock.traffic.http.exchange import Body

Contracts = Callable[[TypeId], TypeContract]


def error(status: int, body: Body | None, part: Part, contracts: Contracts) -> Failure:
    """The failure for an HTTP error; one that breaks the contract keeps its code, and says so in its findings."""
    code = code_of(status)
    told = None if body is None else _told(body, part, contracts)
    words = f"the upstream answered {status}"
    if status == 401:
        words += ": the bridge's credentials for it are missing or wrong"
    if isinstance(part, Fault):
        return Failure(code, part.code.id, f"{words}; {part.message}", status=status, body=told)
    found = contracts(part.type).validator_findings(part.text) if isinstance(part, Held) else ()
    faults = tuple(finding for finding in found if not finding.warning)
    return Failure(code, faults[0].code if faults else UPSTREAM_ERROR.id, words, faults, status, told)


def _told(body: Body, part: Part, contracts: Contracts) -> Message:
    """The error body: the message that it is described as, else its text, in which no number loses digits."""
    codec = contracts(part.type).codec if isinstance(part, Held) else None
    if codec is not None:
        try:
            return codec.to_message(body.text)
        except Refused:
            pass
    return StringValue(value=body.text.decode(errors="replace"))
