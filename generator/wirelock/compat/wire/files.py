"""Rules about files, packages and extensions."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import RuleViolation, WireRule
from wirelock.compat.wire.differences import DescriptorComparison, find_deleted_from_file, find_deleted_from_package


@rule("FILE_NO_DELETE", "FILE")
def file_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A file is not deleted.

    Protos, and most generated code, are imported by path.

    What to do: keep the schema package; a file moves when its package does.
    """
    for path in sorted(comparison.old.files.keys() - comparison.new.files.keys()):
        yield RuleViolation(
            path, f"file {path} was deleted", "keep the package: code that imports the file stops compiling"
        )


@rule("FILE_SAME_PACKAGE", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def file_same_package(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A file keeps its package.

    The full names of its messages and services contain the package. gRPC calls a method by its full name, and Any
    refers to its message by full name.

    What to do: keep `proto-package` and the folder of the schemas.
    """
    hint = "keep proto-package and the folder of the schemas: gRPC calls methods by their full name"
    for pair in comparison.files:
        if pair.old.package != pair.new.package:
            message = f"file {pair.new.name} changed its package from {pair.old.package} to {pair.new.package}"
            yield RuleViolation(pair.new.name, message, hint)


@rule("FILE_SAME_SYNTAX", "FILE", "PACKAGE")
def file_same_syntax(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A file keeps its syntax.

    proto2, proto3 and editions differ in field presence and in unknown enum values, and so does generated code.

    What to do: keep the syntax; wirelock writes proto3.
    """
    for pair in comparison.files:
        old, new = pair.old.syntax or "proto2", pair.new.syntax or "proto2"
        if old != new:
            message = f"file {pair.new.name} changed its syntax from {old} to {new}"
            yield RuleViolation(pair.new.name, message, "keep the syntax; wirelock writes proto3")


@rule("PACKAGE_NO_DELETE", "PACKAGE")
def package_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A package is not deleted.

    All code generated from it is gone, and code that uses it stops compiling.

    What to do: keep the folder of the schemas, or deprecate its contents first.
    """
    for package in sorted(comparison.old.packages - comparison.new.packages):
        yield RuleViolation(
            package, f"package {package} was deleted", "keep the folder of its schemas, or deprecate its contents first"
        )


@rule("EXTENSION_NO_DELETE", "FILE")
def extension_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """An extension is not deleted from its file.

    Options that use it can no longer be read. wirelock has one extension, for properties of methods that
    google.api.http does not cover.

    What to do: keep the generated file wirelock/options.proto.
    """
    for extension, new_file in find_deleted_from_file(comparison, lambda index: index.extensions):
        change = (
            f"moved from {extension.file.name} to {new_file}" if new_file else f"was deleted from {extension.file.name}"
        )
        yield RuleViolation(extension.name, f"extension {extension.local_name} {change}", _EXTENSION_HINT)


@rule("PACKAGE_EXTENSION_NO_DELETE", "PACKAGE")
def package_extension_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """An extension is not deleted from its package.

    Options that use it can no longer be read.

    What to do: keep the generated file wirelock/options.proto.
    """
    for extension in find_deleted_from_package(comparison, lambda index: index.extensions):
        package = f"package {extension.file.package}"
        yield RuleViolation(
            extension.name, f"extension {extension.local_name} was deleted from {package}", _EXTENSION_HINT
        )


RULES: tuple[WireRule, ...] = (
    file_no_delete,
    file_same_package,
    file_same_syntax,
    package_no_delete,
    extension_no_delete,
    package_extension_no_delete,
)

_EXTENSION_HINT = "keep the extension: options that use it can no longer be read"
