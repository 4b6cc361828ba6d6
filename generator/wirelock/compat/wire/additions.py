"""Additions and deprecations between two descriptor sets; they break nothing but deserve a minor release."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from wirelock.compat.wire.differences import DescriptorComparison, compare_descriptors, get_methods, get_values
from wirelock.diagnostics import Addition


def find_additions(old: FileDescriptorSet, new: FileDescriptorSet) -> tuple[Addition, ...]:
    """Return the sorted elements that are new or newly deprecated; members of a new element are left out."""
    comparison = compare_descriptors(old, new)
    return tuple(
        sorted({*_find_new_elements(comparison), *_find_new_members(comparison), *_find_deprecations(comparison)})
    )


def _find_new_elements(comparison: DescriptorComparison) -> Iterator[Addition]:
    kinds = (
        ("service", comparison.old.services, comparison.new.services),
        ("enum", comparison.old.enums, comparison.new.enums),
        (
            "message",
            comparison.old.messages,
            {n: m for n, m in comparison.new.messages.items() if n not in comparison.new.map_fields},
        ),
    )
    for kind, old, new in kinds:
        yield from (Addition(kind, name) for name in new if name not in old)


def _find_new_members(comparison: DescriptorComparison) -> Iterator[Addition]:
    for service in comparison.services:
        old_methods = get_methods(service.old)
        yield from (
            Addition("method", member.name)
            for name, member in get_methods(service.new).items()
            if name not in old_methods
        )
    for enum in comparison.enums:
        old_numbers = get_values(enum.old)
        yield from (
            Addition("value", member.name)
            for number, member in get_values(enum.new).items()
            if number not in old_numbers
        )
    for message in comparison.messages:
        old_fields = comparison.old.get_fields(message.old)
        new_fields = comparison.new.get_fields(message.new)
        yield from (Addition("field", member.name) for number, member in new_fields.items() if number not in old_fields)


def _find_deprecations(comparison: DescriptorComparison) -> Iterator[Addition]:
    """Yield elements that are newly deprecated (Semantic Versioning 2.0.0, clause 7)."""
    for message in comparison.messages:
        old_fields = comparison.old.get_fields(message.old)
        for number, field in comparison.new.get_fields(message.new).items():
            old = old_fields.get(number)
            if old is not None and field.proto.options.deprecated > old.proto.options.deprecated:
                yield Addition("deprecated field", field.name)
        if message.new.proto.options.deprecated > message.old.proto.options.deprecated:
            yield Addition("deprecated message", message.new.name)
    for method in comparison.methods:
        if method.new.proto.options.deprecated > method.old.proto.options.deprecated:
            yield Addition("deprecated method", method.new.name)
