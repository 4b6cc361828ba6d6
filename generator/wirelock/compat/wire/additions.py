"""What the protos of one state have that those of an earlier one did not: it breaks nobody, and is worth a release."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from wirelock.compat.wire.differences import Differences, differences, methods, values
from wirelock.diagnostics import Addition


def additions(old: FileDescriptorSet, new: FileDescriptorSet) -> tuple[Addition, ...]:
    """The elements that are new, sorted; of one that is new itself, none of those inside."""
    found = differences(old, new)
    return tuple(sorted({*_whole(found), *_inside(found)}))


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
