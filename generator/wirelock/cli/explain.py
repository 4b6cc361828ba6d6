"""explain: the page of a code."""

from __future__ import annotations

import difflib
from importlib.resources import files

from wirelock.cli.printing import failed, told


def explain(code: str) -> int:
    """Print the page of a code, or the list of all codes; gives the exit code."""
    pages = {page.name.removesuffix(".md"): page for page in files("wirelock").joinpath("explanations").iterdir()}
    if not code:
        return told("\n".join(sorted(pages)))
    known = pages.get(code.upper())
    if known is None:
        near = difflib.get_close_matches(code.upper(), pages, 1)
        hint = f"did you mean {near[0]}?" if near else "wirelock explain lists all codes"
        return failed(f"there is no code {code}\n{hint}")
    return told(known.read_text("utf-8").rstrip())
