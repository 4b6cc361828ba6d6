"""Results of evaluating a schema for a value: violations, and evaluated properties and items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..json.pointers import join_pointer
from ..json.text import Json
from .documents import MISSING, SubschemaRef, get_value_at


class InstanceNode:
    """A value with its location in a document; one location has one InstanceNode."""

    __slots__ = ("_children", "depth", "is_property_name", "name", "outcomes", "parent", "value")

    def __init__(self, value: Json, parent: InstanceNode | None = None, name: str | int = "") -> None:
        self.value = value
        self.parent = parent
        self.name = name
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.is_property_name = False
        self.outcomes: dict[object, EvaluationResult] = {}
        """Outcomes by schema and dynamic scope, so that no schema is evaluated twice for this value."""
        self._children: dict[str | int, InstanceNode] = {}

    def get_child(self, name: str | int) -> InstanceNode:
        """Return the node of a member or item; its value is MISSING if there is none."""
        child = self._children.get(name)
        if child is None:
            child = self._children[name] = InstanceNode(get_value_at(self.value, (name,)), self, name)
        return child

    def build_name_node(self, name: str) -> InstanceNode:
        """Return a node for the name of a member, which `propertyNames` validates as a value."""
        node = InstanceNode(name, self, name)
        node.is_property_name = True
        return node

    @property
    def pointer(self) -> str:
        """The JSON Pointer of the node."""
        names: list[str | int] = []
        node = self
        while node.parent is not None:
            names.append(node.name)
            node = node.parent
        return join_pointer(reversed(names))


@dataclass(frozen=True, slots=True, eq=False)
class Violation:
    """A value that violates a keyword; `detail` has data for the message that the keyword itself does not have.

    `keyword` is empty if the schema is `false`.
    """

    node: InstanceNode
    subschema: SubschemaRef
    keyword: str
    detail: Any = None

    @property
    def depth(self) -> int:
        """The depth of the violation in the document; a missing or forbidden member counts for its parent."""
        return self.node.depth - (self.node.value is MISSING or not self.keyword)


@dataclass(slots=True, eq=False)
class EvaluationResult:
    """The result of evaluating one schema for one value.

    `evaluated_properties`, `evaluated_prefix` (a number of items) and `evaluated_items` (indices) are annotations as in
    JSON Schema core, section 11. Unlike there, a failing schema keeps them, so that one violation does not make
    everything else undeclared. `contributors` are the outcomes of the subschemas that applied, without branches that
    did not match. `free_form` is set if a matching branch accepts any object.
    """

    node: InstanceNode
    subschema: SubschemaRef
    violations: dict[Violation, None] = field(default_factory=dict[Violation, None])
    evaluated_properties: set[str] = field(default_factory=set[str])
    evaluated_prefix: int = 0
    evaluated_items: set[int] = field(default_factory=set[int])
    contributors: list[EvaluationResult] = field(default_factory=list["EvaluationResult"])
    free_form: bool = False

    def add_violation(self, keyword: str, detail: Any = None, node: InstanceNode | None = None) -> None:
        """Add a violation of a keyword of this schema, by this value or another node."""
        self.violations[Violation(node or self.node, self.subschema, keyword, detail)] = None

    def merge(self, outcomes: Iterable[EvaluationResult]) -> None:
        """Add the violations and annotations of outcomes: of members and items, or of other schemas for this value."""
        for outcome in outcomes:
            self.violations.update(outcome.violations)
            self.merge_annotations([outcome])

    def merge_annotations(self, outcomes: Iterable[EvaluationResult]) -> None:
        """Add the annotations of outcomes, without their violations."""
        for outcome in outcomes:
            self.contributors.append(outcome)
            if outcome.node is self.node:
                self.evaluated_properties |= outcome.evaluated_properties
                self.evaluated_prefix = max(self.evaluated_prefix, outcome.evaluated_prefix)
                self.evaluated_items |= outcome.evaluated_items
