"""The wire verdict: all rules, and their results for two descriptor sets."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from wirelock.compat.wire import enums, field_types, fields, files, messages, services
from wirelock.compat.wire.change import WireChange, WireRule
from wirelock.compat.wire.differences import compare_descriptors

RULES: tuple[WireRule, ...] = (
    *files.RULES,
    *messages.RULES,
    *fields.RULES,
    *field_types.RULES,
    *enums.RULES,
    *services.RULES,
)


def find_wire_changes(old: FileDescriptorSet, new: FileDescriptorSet) -> tuple[WireChange, ...]:
    """Return the violations of all rules, sorted by element and rule. Files of Google and wirelock are not compared."""
    comparison = compare_descriptors(old, new)
    return tuple(
        sorted(
            WireChange(
                violation.element,
                rule.id,
                rule.categories,
                comparison.find_enclosing(violation.element),
                violation.message,
                violation.hint,
            )
            for rule in RULES
            for violation in rule.check(comparison)
        )
    )
