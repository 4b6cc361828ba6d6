"""Rules about HTTP exchanges apart from paths. The comparison reports them; their functions are empty."""

from __future__ import annotations

from wirelock.compat.json.rules.type import TypeRule
from wirelock.compat.rule import rule


@rule("REQUEST_TYPE_CHANGED", "JSON")
def request_type_changed() -> None:
    """A method takes another type, and both types exist in both states.

    Callers send documents of the old type, so backward decides, whatever else uses the types.

    What to do: let the new type accept every document of the old type, or add a method.
    """


@rule("RESPONSE_TYPE_CHANGED", "JSON")
def response_type_changed() -> None:
    """A method returns another type, and both types exist in both states.

    Callers read documents of the old type, so forward decides, whatever else uses the types.

    What to do: return only documents that the old type accepts, or add a method.
    """


@rule("PARAMETER_PLACE_CHANGED", "JSON")
def parameter_place_changed() -> None:
    """A request property moved between the path, the query, the headers and the body.

    Old clients send it at the old location, where the server does not read it. The witness is the old location.

    What to do: keep the location, or add a parameter with a new name at the new one.
    """


@rule("PARAMETER_STYLE_CHANGED", "JSON")
def parameter_style_changed() -> None:
    """A request parameter has another style or another name.

    Old clients send the old form, which the server misreads or ignores. The witness is the old form.

    What to do: keep the style and the name, or add a parameter.
    """


@rule("RESPONSE_STATUS_ADDED", "JSON")
def response_status_added() -> None:
    """A method has a response status that no status of the old state covers.

    Another success status breaks clients that expect the old one. For a new error status the result is unproved,
    because no schema says if clients handle it like any other error.

    What to do: keep the success status, and announce a new error status before sending it.
    """


@rule("RESPONSE_STATUS_REMOVED", "JSON")
def response_status_removed() -> None:
    """A method no longer has a response status.

    Old clients are not broken, they only never receive the status. Old responses are not valid in the new state.

    What to do: check the statuses that replace it; they are reported separately.
    """


@rule("RESPONSE_BODY_ADDED", "JSON")
def response_body_added() -> None:
    """A response status has another kind of body.

    Old clients cannot read it unless each of its documents is valid under an old body type.

    What to do: keep the bodies of a status, and send a new one under another status or only for its own media type.
    """


@rule("RESPONSE_BODY_REMOVED", "JSON")
def response_body_removed() -> None:
    """A response status no longer has one of its kinds of bodies.

    Old clients are not broken, they only never receive it. Old responses may be invalid in the new state.

    What to do: check the bodies that replace it.
    """


@rule("RESPONSE_MEDIA_TYPE_CHANGED", "JSON")
def response_media_type_changed() -> None:
    """A response body has another media type and the same type.

    Clients parse a body by its media type and reject one that they do not know.

    What to do: send the new media type only to clients that accept it.
    """


RULES: tuple[TypeRule, ...] = (
    request_type_changed,
    response_type_changed,
    parameter_place_changed,
    parameter_style_changed,
    response_status_added,
    response_status_removed,
    response_body_added,
    response_body_removed,
    response_media_type_changed,
)
