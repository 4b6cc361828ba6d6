"""What is whole of a HAR that was cut off: by a full disk, a download that broke off, the end of its recorder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from wirelock.runtime.json.text import MalformedText, parse

_ENTRIES = re.compile(r'"entries"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def before_the_cut(text: bytes) -> Iterator[object]:
    """The entries that were written to their end."""
    whole = text.decode(errors="replace")
    found = _ENTRIES.search(whole)
    at = found.end() if found else len(whole)
    decoder = json.JSONDecoder()
    while True:
        begin = _end_of(_BETWEEN.match(whole, at), at)
        try:
            _, at = decoder.raw_decode(whole, begin)
            yield parse(whole[begin:at].encode())
        except (ValueError, RecursionError, MalformedText):
            return


def _end_of(found: re.Match[str] | None, at: int) -> int:
    return found.end() if found else at
