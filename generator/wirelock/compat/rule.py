"""Rules of the breaking check, and the decorator that turns a function into one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc
from typing import Generic, Literal, ParamSpec, TypeVar

Category = Literal["FILE", "PACKAGE", "WIRE_JSON", "WIRE", "JSON"]
"""Protected by a rule: generated code by file or by package, ProtoJSON and binary, binary only, or JSON documents."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Rule(Generic[P, R]):
    """One rule. `description` is Markdown, `check` finds the changes."""

    id: str
    categories: tuple[Category, ...]
    description: str
    check: Callable[P, R]

    @property
    def hint(self) -> str:
        """The paragraph "What to do" as a hint of a diagnostic."""
        return self.description.partition("What to do: ")[2].replace("\n", " ").rstrip(".")


def rule(id: str, *categories: Category) -> Callable[[Callable[P, R]], Rule[P, R]]:
    """Turn a function into a rule; its docstring is the page that `wirelock explain` prints."""

    def decorate(check: Callable[P, R]) -> Rule[P, R]:
        return Rule(id, categories, cleandoc(check.__doc__ or ""), check)

    return decorate
