"""explain: the page of a code."""

from __future__ import annotations

import difflib

from wirelock.cli.output import failed, told
from wirelock.report.labels import codes, page


def explain(code: str) -> int:
    """Print the page of a code or a rule, or the list of all codes; gives the exit code."""
    if not code:
        return told("\n".join(codes()))
    known = page(code.upper())
    if not known:
        near = difflib.get_close_matches(code.upper(), codes(), 1)
        hint = f"did you mean {near[0]}?" if near else "wirelock explain lists all codes"
        return failed(f"there is no code {code}\n{hint}")
    return told(known.rstrip())
