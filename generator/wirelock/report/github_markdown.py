"""Text in GitHub's Markdown; foreign text cannot mention users, create links or end a block."""

from __future__ import annotations

import re

from wirelock.runtime.json.formatting import escape_unprintable

MAX_LENGTH = 400
"""Maximum number of characters of one text."""
_SPAN = re.compile(r"`([^`]+)`")
_LINKS = re.compile(r"[@#]|://|www\.|\bGH-", re.IGNORECASE)
"""Text that GitHub turns into links and mentions."""
_MEANING = re.compile(r"([\\`*_{}\[\]<>&|~$!])")


def escape_sentence(text: str) -> str:
    """Escape a message that may contain foreign text; text in backticks stays code."""
    parts = _SPAN.split(_truncate(text))
    return "".join(format_code(part) if index % 2 else _escape_plain(part) for index, part in enumerate(parts))


def _escape_plain(text: str) -> str:
    message = (format_code(word) if _LINKS.search(word) else _MEANING.sub(r"\\\1", word) for word in text.split(" "))
    return " ".join(message)


def escape_cell(text: str) -> str:
    """Escape a message for a table cell."""
    return re.sub(r"(?<!\\)\|", r"\|", escape_sentence(text))


def format_code(text: str) -> str:
    """Format text as code, in a fence longer than any run of backticks in it."""
    inner = _truncate(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", inner)), default=0) + 1)
    padding = " " if "`" in inner or inner != inner.strip() or not inner else ""
    return f"{fence}{padding}{inner}{padding}{fence}"


def _truncate(text: str) -> str:
    return escape_unprintable(text[:MAX_LENGTH]) + ("…" if len(text) > MAX_LENGTH else "")
