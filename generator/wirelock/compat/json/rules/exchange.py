"""Rules about HTTP exchanges of a method beyond its path; they are told by the comparison, which knows both states."""

from __future__ import annotations

from wirelock.compat.json.rules.type import TypeRule
from wirelock.compat.rule import rule


@rule("REQUEST_TYPE_CHANGED", "JSON")
def request_type_changed() -> None:
    """A method takes documents of another type than before, and both types are there for others as well.

    Who calls the method sends documents of the old type: backward decides, whatever else the types are used for.

    What to do: let the new type take all that the old one took, or add a method.
    """


@rule("RESPONSE_TYPE_CHANGED", "JSON")
def response_type_changed() -> None:
    """A method answers with documents of another type than before, and both types are there for others as well.

    Who calls the method reads documents of the old type: forward decides, whatever else the types are used for.

    What to do: answer only what was a document of the old type too, or add a method.
    """


@rule("PARAMETER_PLACE_CHANGED", "JSON")
def parameter_place_changed() -> None:
    """A property of the request moved between the path, the query, the headers and the body.

    Old clients send it where nobody looks for it any more, and it counts as left out. The witness is its old place.

    What to do: keep the place, or take the parameter in a new place under a new name.
    """


@rule("PARAMETER_STYLE_CHANGED", "JSON")
def parameter_style_changed() -> None:
    """A parameter of a request is written in another way, or goes by another name there.

    Old clients write it as before, and it is misread or counts as left out. The witness is how it was written.

    What to do: keep the style and the name, or add a parameter.
    """


@rule("RESPONSE_STATUS_ADDED", "JSON")
def response_status_added() -> None:
    """A method answers with an HTTP status that nothing it answered before stood for.

    A success under another status breaks clients that wait for the old one. Of a new error it is unproved: whether
    clients take it as they take any other error, no schema says.

    What to do: keep the status of a success; announce a new error before it is sent.
    """


@rule("RESPONSE_STATUS_REMOVED", "JSON")
def response_status_removed() -> None:
    """A method no longer answers with an HTTP status.

    Clients that know the status wait for it in vain, which breaks none of them; answers of before are not valid now.

    What to do: look at what is answered in its place, which is told by itself.
    """


@rule("RESPONSE_BODY_ADDED", "JSON")
def response_body_added() -> None:
    """There is one more form of what a method answers with a status.

    Clients that read the old forms cannot read it, unless all of its documents are documents of one of these.

    What to do: keep the forms of a status, or answer the new one under a status or a media type of its own on request.
    """


@rule("RESPONSE_BODY_REMOVED", "JSON")
def response_body_removed() -> None:
    """There is one form less of what a method answers with a status.

    Clients that read it are no longer sent it, which breaks none of them; answers of before may not be valid now.

    What to do: look at what is answered in its place.
    """


@rule("RESPONSE_MEDIA_TYPE_CHANGED", "JSON")
def response_media_type_changed() -> None:
    """A body that a method answers is the same and goes by another media type.

    Clients choose by the media type how they read a body, and refuse one that they do not know.

    What to do: send the new media type only to who accepts it.
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
