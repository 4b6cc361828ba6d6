"""Why no answer at all was held: what the one who asked has to look after depends on it."""

from __future__ import annotations

from enum import Enum


class Unheld(Enum):
    """The reasons, in words that follow what came; each is said only if none of those below it is true."""

    UNSEEN = "none of them was looked at"
    UNDESCRIBED = "none of them is described by a service"
    UNANSWERED = "the server answered none that a service describes"
    UNKEPT = "no answer to them could be held"


def reason(looked_at: int, answered: int, unanswered: int) -> Unheld:
    """The reason, by how many exchanges were looked at, and how many of them that are described were answered."""
    if answered:
        return Unheld.UNKEPT
    if unanswered:
        return Unheld.UNANSWERED
    return Unheld.UNDESCRIBED if looked_at else Unheld.UNSEEN
