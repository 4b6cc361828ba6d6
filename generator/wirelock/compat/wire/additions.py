"""What the protos of one state have, or deprecate, that an earlier one did not: worth a release, and breaks nobody."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from wirelock.compat.wire.differences import Differences, differences, methods, values
from wirelock.diagnostics import Addition


def additions(old: FileDescriptorSet, new: FileDescriptorSet) -> tuple[Addition, ...]:
    """The elements that are new, or newly deprecated, sorted; of one that is new itself, none of those inside."""
    found = differences(old, new)
    return tuple(sorted({*_whole(found), *_inside(found), *_deprecated(found)}))


def _whole(found: Differences) -> Iterator[Addition]:
    kinds = (
        ("service", found.old.services, found.new.services),
        ("enum", found.old.enums, found.new.enums),
        ("message", found.old.messages, {n: m for n, m in found.new.messages.items() if n not in found.new.maps}),
    )
    for kind, before, after in kinds:
        yield from (Addition(kind, name) for name in after if name not in before)


def _inside(found: Differences) -> Iterator[Addition]:
    for service in found.services:
        known = methods(service.old)
        yield from (Addition("method", one.name) for name, one in methods(service.new).items() if name not in known)
    for enum in found.enums:
        numbers = values(enum.old)
        yield from (Addition("value", one.name) for number, one in values(enum.new).items() if number not in numbers)
    for message in found.messages:
        fields = found.old.fields(message.old)
        after = found.new.fields(message.new)
        yield from (Addition("field", one.name) for number, one in after.items() if number not in fields)


def _deprecated(found: Differences) -> Iterator[Addition]:
    """What is deprecated now and was not (Semantic Versioning 2.0.0, clause 7)."""
    for message in found.messages:
        before = found.old.fields(message.old)
        for number, field in found.new.fields(message.new).items():
            old = before.get(number)
            if old is not None and field.proto.options.deprecated > old.proto.options.deprecated:
                yield Addition("deprecated field", field.name)
    for pair in found.methods:
        if pair.new.proto.options.deprecated > pair.old.proto.options.deprecated:
            yield Addition("deprecated method", pair.new.name)
    for whole in found.messages:
        if whole.new.proto.options.deprecated > whole.old.proto.options.deprecated:
            yield Addition("deprecated message", whole.new.name)
