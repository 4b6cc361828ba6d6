"""Rules about named types as a whole; they are told by the comparison, which knows both states."""

from __future__ import annotations

from wirelock.compat.rule import Rule, rule

TypeRule = Rule[[], None]


@rule("TYPE_REMOVED", "JSON")
def type_removed() -> None:
    """A schema file is gone, and no method of a service takes or answers something else in its place.

    What referred to the type has changed itself and is told there. Backward it is unproved: there is nothing left to
    hold old documents against.

    What to do: keep the schema, marked deprecated, as long as anyone validates with it.
    """


@rule("TYPE_ADDED", "JSON")
def type_added() -> None:
    """There is a schema file that was not there.

    It breaks nobody: there are no old documents of it, and nobody who reads them.

    What to do: nothing.
    """


@rule("SCHEMA_CHANGED", "JSON")
def schema_changed() -> None:
    """A type may refuse documents that it took, or take ones that it refused, in a way that no other rule tells.

    Neither was it proved that all documents stay valid, nor was a change found that may break one.

    What to do: compare both schemas by hand.
    """


RULES: tuple[TypeRule, ...] = (type_removed, type_added, schema_changed)
