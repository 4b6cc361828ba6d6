"""Rules about named types as a whole. The comparison reports them; their functions are empty."""

from __future__ import annotations

from wirelock.compat.rule import Rule, rule

TypeRule = Rule[[], None]


@rule("TYPE_REMOVED", "JSON")
def type_removed() -> None:
    """A schema file was removed, and no method uses another type in its place.

    Schemas that referred to it changed as well and are reported separately. Backward is unproved, because no schema for
    old documents remains.

    What to do: keep the schema, marked as deprecated, while clients validate with it.
    """


@rule("TYPE_ADDED", "JSON")
def type_added() -> None:
    """A schema file was added.

    This breaks no clients: no old documents and no old readers of the type exist.

    What to do: nothing.
    """


@rule("SCHEMA_CHANGED", "JSON")
def schema_changed() -> None:
    """A type changed in a way that no other rule describes.

    wirelock could not prove that all documents stay valid, and found no document that breaks.

    What to do: compare both schemas by hand.
    """


RULES: tuple[TypeRule, ...] = (type_removed, type_added, schema_changed)
