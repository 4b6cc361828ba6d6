"""Allocation of numbers: find the old number of a field by key, former key and type, or assign a new one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.lower.ledger.ledger import Entry, Scope
from wirelock.lower.ledger.validation import MAX_FIELD_NUMBER, PROTOBUF_RESERVED_NUMBERS

LEDGER_TYPE_CHANGED = Code("LEDGER_TYPE_CHANGED", Severity.ERROR, fatal=True)
LEDGER_RETYPED = Code("LEDGER_RETYPED", Severity.WARNING)
FIELD_NUMBER_TAKEN = Code("FIELD_NUMBER_TAKEN", Severity.ERROR, fatal=True)
RENAME_UNUSED = Code("RENAME_UNUSED", Severity.WARNING)


@dataclass(frozen=True, slots=True)
class FieldRequest:
    """A field or enum value that needs a number.

    `pinned` is the number that the schema requests (`x-proto-field`). `imported` is True in an imported schema, whose
    author knows nothing of field numbers.
    """

    key: str
    name: str
    type: str
    location: Location
    pinned: int | None = None
    renamed_from: str = ""
    imported: bool = False


def allocate(scope: Scope, requests: Sequence[FieldRequest], label: str) -> tuple[Scope, tuple[Diagnostic, ...]]:
    """Return the scope with a number for each request; a new number is the highest one + 1, in request order.

    Entries that no request matches become reserved. A key that returns with its old type gets its old number; with
    another type it takes a new one. A type that changes in place is an error, because old data would be misread; in an
    imported schema the old entry becomes reserved and the field takes a new number (decision 0011).
    """
    assigned: dict[str, Entry] = {}
    diagnostics: list[Diagnostic] = []
    for request, old in zip(requests, _find_previous(scope, requests), strict=True):
        if old is not None and (old.type == request.type or not old.reserved):
            diagnostics += _check_request(old, request, label)
            former_keys = old.former_keys
            if old.key != request.key:
                former_keys = tuple(dict.fromkeys((*former_keys, old.key)))
            assigned[request.key] = replace(
                old, key=request.key, name=request.name, reserved=False, former_keys=former_keys
            )
        elif old is None and (former := scope.live.get(request.key)) is not None:
            diagnostics.append(_report_retype(former, request, label))
    numbers = {entry.number for entry in scope.entries}
    for request in requests:
        if request.key in assigned:
            continue
        if request.pinned is not None and request.pinned in numbers:
            diagnostics.append(_report_number_taken(request, label))
        number = request.pinned if request.pinned is not None else get_next_number(numbers)
        numbers.add(number)
        assigned[request.key] = Entry(number, request.key, request.name, request.type)
    diagnostics += [
        _report_unused_rename(request, label)
        for request in requests
        if _is_unused_rename(scope, request, assigned[request.key])
    ]
    in_use = {entry.number for entry in assigned.values()}
    retired = [replace(entry, reserved=True) for entry in scope.entries if entry.number not in in_use]
    entries = tuple(sorted([*assigned.values(), *retired], key=lambda entry: entry.number))
    return replace(scope, entries=entries), tuple(diagnostics)


def _find_previous(scope: Scope, requests: Sequence[FieldRequest]) -> list[Entry | None]:
    """Return the old entry of each request, by its key or else by its former key; no entry is returned twice."""
    keys = {request.key for request in requests}
    free = {entry.number: entry for entry in scope.entries if entry.key not in keys}
    previous: list[Entry | None] = []
    for request in requests:
        renamed = [e for e in free.values() if e.key == request.renamed_from and e.type == request.type]
        renamed.sort(key=lambda entry: entry.reserved)
        old = _find_own(scope, request) or next(iter(renamed), None)
        if old is not None:
            free.pop(old.number, None)
        previous.append(old)
    return previous


def _find_own(scope: Scope, request: FieldRequest) -> Entry | None:
    """Return the entry with the same key: the one in use, or else a reserved one of the same type."""
    candidates = [entry for entry in scope.entries if entry.key == request.key]
    same_type = [entry for entry in candidates if entry.type == request.type]
    live = [] if request.imported else [entry for entry in candidates if not entry.reserved]
    return next(iter((*live, *sorted(same_type, key=lambda entry: entry.reserved))), None)


def get_next_number(numbers: Collection[int]) -> int:
    """Return the number after all that were ever assigned; after the last valid number, the first free one."""
    number = max(numbers, default=0) + 1
    if number in PROTOBUF_RESERVED_NUMBERS:
        return PROTOBUF_RESERVED_NUMBERS.stop
    if number <= MAX_FIELD_NUMBER:
        return number
    return next(n for n in range(1, MAX_FIELD_NUMBER) if n not in numbers and n not in PROTOBUF_RESERVED_NUMBERS)


def _check_request(old: Entry, request: FieldRequest, label: str) -> list[Diagnostic]:
    diagnostics: list[Diagnostic] = []
    if old.type != request.type:
        diagnostics.append(_report_type_change(old, request, label))
    if request.pinned is not None and request.pinned != old.number:
        message = f"x-proto-field is {request.pinned}, but {label}.{old.name} has had number {old.number}"
        hint = f"a number never changes: set x-proto-field to {old.number}, or remove it"
        diagnostics.append(Diagnostic(FIELD_NUMBER_TAKEN, request.location, message, hint))
    return diagnostics


def _report_type_change(old: Entry, request: FieldRequest, label: str) -> Diagnostic:
    return Diagnostic(
        LEDGER_TYPE_CHANGED,
        request.location,
        f"the type of {label}.{old.name} changes from {old.type} to {request.type}; old data under number {old.number} "
        "would be misread",
        "give the property a new name; or remove it, run: wirelock generate, and add it again, so that it takes a new "
        "number; if only its type was renamed, add x-renamed-from to that type",
    )


def _report_retype(old: Entry, request: FieldRequest, label: str) -> Diagnostic:
    return Diagnostic(
        LEDGER_RETYPED,
        request.location,
        f"the type of {label}.{old.name} changes from {old.type} to {request.type}: number {old.number} is reserved, "
        "and the field takes a new number",
        "build clients again; older ones do not see the field",
    )


def _report_number_taken(request: FieldRequest, label: str) -> Diagnostic:
    return Diagnostic(
        FIELD_NUMBER_TAKEN,
        request.location,
        f"x-proto-field of {request.key} is {request.pinned}, which is taken or reserved in {label}",
        "choose a number that was never used in this message",
    )


def _is_unused_rename(scope: Scope, request: FieldRequest, entry: Entry) -> bool:
    """Return True if `x-renamed-from` matched no entry; in a new message the property may come from anywhere."""
    return bool(request.renamed_from and scope.entries) and request.renamed_from not in entry.former_keys


def _report_unused_rename(request: FieldRequest, label: str) -> Diagnostic:
    return Diagnostic(
        RENAME_UNUSED,
        request.location,
        f"x-renamed-from of {request.key} is {request.renamed_from}, but {label} has no removed property of that name "
        "and type; the keyword has no effect",
        "name a property that was removed from the schema and had the same type, or remove x-renamed-from",
    )
