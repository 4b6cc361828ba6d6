"""explain: the pages of codes and rules."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from wirelock.cli.output import print_failure, print_text
from wirelock.report.labels import list_codes, list_pages, read_page, summarize_page


def explain(code: str) -> int:
    """Print the page of a code or a rule, or the list of all codes; return the exit code."""
    if not code:
        return print_text("\n".join(_list_summaries()))
    page = read_page(code.upper())
    if not page:
        near = difflib.get_close_matches(code.upper(), list_codes(), 1)
        hint = f"did you mean {near[0]}?" if near else "run: wirelock explain"
        return print_failure(f"there is no code {code}\n{hint}")
    return print_text(page.rstrip())


def _list_summaries() -> Iterator[str]:
    """Yield every code with one line, grouped by subject."""
    for number, (group, pages) in enumerate(list_pages().items()):
        yield f"\n{group}" if number else group
        width = max(map(len, pages))
        for code, page in sorted(pages.items()):
            yield f"  {code:<{width}}  {summarize_page(page)}"
