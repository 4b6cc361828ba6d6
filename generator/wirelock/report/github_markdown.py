"""Texts in GitHub's Markdown: what is from outside can mention nobody, link nowhere, and end no block."""

from __future__ import annotations

import re

from wirelock.runtime.json.formatting import visible

LONGEST = 400
"""How many characters of one text are shown."""
_SPAN = re.compile(r"`([^`]+)`")
_LINKS = re.compile(r"[@#]|://|www\.|\bGH-", re.IGNORECASE)
"""What GitHub makes links and mentions of, wherever it stands in a text."""
_MEANING = re.compile(r"([\\`*_{}\[\]<>&|~$!])")


def sentence(text: str) -> str:
    """A sentence of ours with words from outside in it; what it has in backticks stays code."""
    parts = _SPAN.split(_cut(text))
    return "".join(as_code(part) if index % 2 else _plain(part) for index, part in enumerate(parts))


def _plain(text: str) -> str:
    words = (as_code(word) if _LINKS.search(word) else _MEANING.sub(r"\\\1", word) for word in text.split(" "))
    return " ".join(words)


def cell(text: str) -> str:
    """A sentence as one cell of a table, which no bar divides."""
    return re.sub(r"(?<!\\)\|", r"\|", sentence(text))


def as_code(text: str) -> str:
    """Text as code, in a fence longer than any run of backticks in it."""
    inner = _cut(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", inner)), default=0) + 1)
    padding = " " if "`" in inner or inner != inner.strip() or not inner else ""
    return f"{fence}{padding}{inner}{padding}{fence}"


def _cut(text: str) -> str:
    return visible(text[:LONGEST]) + ("…" if len(text) > LONGEST else "")
