"""Names and docstrings that a newcomer does not understand: the counts that `test_conventions.py` keeps at zero."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

IRREGULAR_PARTICIPLES = frozenset(
    [
        "begun",
        "bent",
        "bought",
        "bound",
        "broken",
        "brought",
        "built",
        "caught",
        "chosen",
        "dealt",
        "done",
        "drawn",
        "driven",
        "eaten",
        "fallen",
        "felt",
        "forgotten",
        "given",
        "gone",
        "grown",
        "heard",
        "held",
        "hidden",
        "kept",
        "known",
        "laid",
        "left",
        "lent",
        "lost",
        "made",
        "meant",
        "met",
        "paid",
        "said",
        "seen",
        "sent",
        "shown",
        "sought",
        "spent",
        "spoken",
        "stood",
        "struck",
        "taken",
        "taught",
        "thought",
        "thrown",
        "told",
        "torn",
        "understood",
        "won",
        "worn",
        "written",
    ]
)
NO_VERBS = frozenset(
    [
        "about",
        "above",
        "again",
        "alike",
        "all",
        "alone",
        "also",
        "among",
        "anything",
        "apart",
        "around",
        "away",
        "back",
        "before",
        "below",
        "beside",
        "between",
        "beyond",
        "both",
        "each",
        "either",
        "else",
        "everything",
        "first",
        "here",
        "how",
        "later",
        "least",
        "less",
        "many",
        "more",
        "most",
        "near",
        "never",
        "next",
        "nothing",
        "now",
        "nowhere",
        "of",
        "once",
        "one",
        "only",
        "other",
        "out",
        "outside",
        "over",
        "own",
        "same",
        "several",
        "since",
        "some",
        "somewhere",
        "still",
        "then",
        "there",
        "together",
        "what",
        "when",
        "where",
        "whether",
        "which",
        "while",
        "who",
        "whole",
        "within",
        "without",
    ]
)
VERBS_IN_ED = frozenset(
    {"bed", "embed", "exceed", "feed", "need", "proceed", "red", "seed", "shed", "speed", "succeed"}
)
NOUN_DECORATORS = frozenset(
    {"property", "cached_property", "setter", "deleter", "contextmanager", "asynccontextmanager", "fixture"}
)
VAGUE_START = re.compile(
    r"(What|Whether|How|Why|Which|Where|Whatever|Whoever|Whichever|Wherever|Those|That|Everything|Nothing|There)\b"
)


def find_vague_docstrings(tree: ast.Module) -> Iterator[str]:
    """Yield the first lines of docstrings that begin with a question word instead of a verb or a noun."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = (ast.get_docstring(node) or "").partition("\n")[0]
            if VAGUE_START.match(first):
                yield first


def find_functions_without_verb(tree: ast.Module) -> Iterator[str]:
    """Yield functions that are named by a bare participle, an adverb, a pronoun or a preposition."""
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode) and not NOUN_DECORATORS & set(_list_decorators(node)):
            name = node.name.strip("_")
            if is_participle(name) or name in NO_VERBS:
                yield node.name


def is_participle(name: str) -> bool:
    """Return True for a single word such as `settled` or `untold`."""
    if "_" in name or name in VERBS_IN_ED:
        return False
    return name.endswith("ed") or name in IRREGULAR_PARTICIPLES or bool(re.match(r"un[a-z]+(en|ld|rd|nt|id)$", name))


def find_repeated_classes(paths: list[Path]) -> dict[str, list[str]]:
    """Return the class names that several classes share, with their files; a leading underscore does not count."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                files[node.name.lstrip("_")].append(path.name)
    return {name: places for name, places in files.items() if len(places) > 1}


def _list_decorators(node: FunctionNode) -> Iterator[str]:
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        yield target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
