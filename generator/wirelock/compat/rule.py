"""Rules of the breaking check as values, and the decorator that makes one of a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc
from typing import Generic, Literal, ParamSpec, TypeVar

Category = Literal["FILE", "PACKAGE", "WIRE_JSON", "WIRE", "JSON"]
"""What a rule protects: generated code by file or by package, ProtoJSON and binary, binary alone, the API's JSON."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Rule(Generic[P, R]):
    """One rule: its id reads as what must hold, `words` say why, `check` finds where it does not."""

    id: str
    categories: tuple[Category, ...]
    words: str
    check: Callable[P, R]

    @property
    def hint(self) -> str:
        """What it says to do, as a diagnostic says it."""
        return self.words.partition("What to do: ")[2].replace("\n", " ").rstrip(".")


def rule(id: str, *categories: Category) -> Callable[[Callable[P, R]], Rule[P, R]]:
    """Make a rule of a function; its docstring is what `wirelock explain` prints."""

    def made(check: Callable[P, R]) -> Rule[P, R]:
        return Rule(id, categories, cleandoc(check.__doc__ or ""), check)

    return made
