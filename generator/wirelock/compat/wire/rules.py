"""The wire verdict: every rule, and what they find between two descriptor sets."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from wirelock.compat.wire import enums, field_types, fields, files, messages, services
from wirelock.compat.wire.change import WireChange, WireRule
from wirelock.compat.wire.differences import differences

RULES: tuple[WireRule, ...] = (
    *files.RULES,
    *messages.RULES,
    *fields.RULES,
    *field_types.RULES,
    *enums.RULES,
    *services.RULES,
)


def wire_changes(old: FileDescriptorSet, new: FileDescriptorSet) -> tuple[WireChange, ...]:
    """What breaks users of the old set, sorted by element and rule; google's files and wirelock's are not compared."""
    found = differences(old, new)
    return tuple(
        sorted(
            WireChange(fault.element, rule.id, rule.categories, found.within(fault.element), fault.message, fault.hint)
            for rule in RULES
            for fault in rule.check(found)
        )
    )
