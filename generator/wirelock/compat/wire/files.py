"""Rules about files, packages and extensions."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import Fault, WireRule
from wirelock.compat.wire.differences import Differences, gone_from_file, gone_from_package


@rule("FILE_NO_DELETE", "FILE")
def file_no_delete(found: Differences) -> Iterator[Fault]:
    """A file stays.

    Protos are imported by path, and so is most of the code generated from them.

    What to do: keep the schema package; a file moves when its package does.
    """
    for path in sorted(found.old.files.keys() - found.new.files.keys()):
        yield Fault(
            path, f"file {path} was deleted", "keep the package: whoever imports the file by path stops compiling"
        )


@rule("FILE_SAME_PACKAGE", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def file_same_package(found: Differences) -> Iterator[Fault]:
    """A file keeps its package.

    The full names of its messages and services change with it: gRPC calls a method by the name of its package, and an
    Any names its message the same way.

    What to do: keep `proto-package` and the folder of the schemas.
    """
    hint = "keep proto-package and the folder of the schemas: gRPC calls methods by the name of their package"
    for pair in found.files:
        if pair.old.package != pair.new.package:
            message = f"file {pair.new.name} changed its package from {pair.old.package} to {pair.new.package}"
            yield Fault(pair.new.name, message, hint)


@rule("FILE_SAME_SYNTAX", "FILE", "PACKAGE")
def file_same_syntax(found: Differences) -> Iterator[Fault]:
    """A file keeps its syntax.

    Between proto2, proto3 and editions the presence of fields and the treatment of unknown enum values differ, and
    generated code with them.

    What to do: keep the syntax; wirelock writes proto3.
    """
    for pair in found.files:
        old, new = pair.old.syntax or "proto2", pair.new.syntax or "proto2"
        if old != new:
            message = f"file {pair.new.name} changed its syntax from {old} to {new}"
            yield Fault(pair.new.name, message, "keep the syntax; wirelock writes proto3")


@rule("PACKAGE_NO_DELETE", "PACKAGE")
def package_no_delete(found: Differences) -> Iterator[Fault]:
    """A package stays.

    All the code generated from it is gone, and its users stop compiling.

    What to do: keep the folder of the schemas; to retire it, deprecate what is in it first.
    """
    for package in sorted(found.old.packages - found.new.packages):
        yield Fault(package, f"package {package} was deleted", "keep the folder of its schemas, or deprecate it first")


@rule("EXTENSION_NO_DELETE", "FILE")
def extension_no_delete(found: Differences) -> Iterator[Fault]:
    """An extension stays in its file.

    Options written with it can no longer be read. wirelock has one, for what google.api.http cannot say of a method.

    What to do: keep the file wirelock/options.proto as it is generated.
    """
    for extension, home in gone_from_file(found, lambda side: side.extensions):
        moved = f"moved from {extension.file.name} to {home}" if home else f"was deleted from {extension.file.name}"
        yield Fault(extension.name, f"extension {extension.local} {moved}", _EXTENSION)


@rule("PACKAGE_EXTENSION_NO_DELETE", "PACKAGE")
def package_extension_no_delete(found: Differences) -> Iterator[Fault]:
    """An extension stays in its package, in whichever file.

    Options written with it can no longer be read.

    What to do: keep the file wirelock/options.proto as it is generated.
    """
    for extension in gone_from_package(found, lambda side: side.extensions):
        where = f"package {extension.file.package}"
        yield Fault(extension.name, f"extension {extension.local} was deleted from {where}", _EXTENSION)


RULES: tuple[WireRule, ...] = (
    file_no_delete,
    file_same_package,
    file_same_syntax,
    package_no_delete,
    extension_no_delete,
    package_extension_no_delete,
)

_EXTENSION = "keep the extension: options written with it can no longer be read"
