"""The output of protoc: Python messages and gRPC stubs with type stubs, and the descriptor set.

protoc (grpcio-tools) and mypy-protobuf run in processes of their own, protoc in a temporary folder. All output of
protoc on standard error, even a warning, becomes a diagnostic.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.emit.contract import EmitResult
from wirelock.emit.proto import PrintOptions, print_protos
from wirelock.version import VERSION

PROTOC_FAILED = Code("PROTOC_FAILED", Severity.ERROR, fatal=True)
PROTOC_WARNING = Code("PROTOC_WARNING", Severity.WARNING)
DESCRIPTORS = "descriptors.binpb"
_DESCRIPTOR_OPTIONS = ("--descriptor_set_out=all.binpb", "--include_imports")
_STUB_PLUGINS = {
    "messages": "from mypy_protobuf.main import main; main()",
    "services": "from mypy_protobuf.main import grpc; grpc()",
}


def emit(build: Build) -> EmitResult:
    """Emit `*_pb2` and `*_pb2_grpc` modules with `.pyi` files, and `descriptors.binpb` with all imported files."""
    if not build.proto.files:  # protoc requires at least one file
        return EmitResult((Artifact(f"{build.config.package_folder}/{DESCRIPTORS}", b"", "pb2"),))
    with tempfile.TemporaryDirectory(prefix="wirelock-") as folder:
        plain, prefixed = Path(folder, "plain"), Path(folder, "prefixed")
        home = build.config.package_folder
        try:
            output = _run_protoc(plain, print_protos(build, PrintOptions()), _DESCRIPTOR_OPTIONS)
            python = _generate_python(prefixed, print_protos(build, _get_python_options(build)))
        except subprocess.CalledProcessError as error:
            return EmitResult((), (_report_failure(build, str(error.stderr)),))
        warnings = tuple(_report_warning(build, line) for line in output.splitlines() if line.strip())
        contents = {f"{home}/{DESCRIPTORS}": (plain / "all.binpb").read_bytes()}
        contents |= {f"{build.config.generated}/{path}": content for path, content in python.items()}
    return EmitResult(tuple(Artifact(path, content, "pb2") for path, content in sorted(contents.items())), warnings)


def compile_protos(texts: Mapping[str, str]) -> descriptor_pb2.FileDescriptorSet | str:
    """Return the descriptors of protos (text by path) and of their imports, or the error output of protoc."""
    with tempfile.TemporaryDirectory(prefix="wirelock-") as folder:
        try:
            _run_protoc(Path(folder), texts, _DESCRIPTOR_OPTIONS)
        except subprocess.CalledProcessError as error:
            return str(error.stderr).strip()
        return descriptor_pb2.FileDescriptorSet.FromString(Path(folder, "all.binpb").read_bytes())


def build_input_key(build: Build) -> bytes:
    """Return the input of protoc, with wirelock's version, but without that of protoc (decision 0002)."""
    texts = [*print_protos(build, PrintOptions()).items(), *print_protos(build, _get_python_options(build)).items()]
    return "\0".join([VERSION, *(part for text in texts for part in text)]).encode()


def _get_python_options(build: Build) -> PrintOptions:
    return PrintOptions(prefix=f"{build.config.package}/", with_binding=False)


def _run_protoc(folder: Path, texts: Mapping[str, str], outputs: Sequence[str]) -> str:
    """Write protos to a folder and run protoc there; return its error output, or raise CalledProcessError."""
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    includes = [f"--proto_path={include}" for include in (".", *_find_includes())]
    command = [sys.executable, "-P", "-m", "grpc_tools.protoc", *includes, *outputs, *sorted(texts)]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, encoding="utf-8").stderr


def _find_includes() -> tuple[str, ...]:
    """Return the folders that contain google/protobuf/*.proto and google/api/*.proto."""
    api = find_spec("google.api.annotations_pb2")
    assert api is not None and api.origin is not None, "googleapis-common-protos is a dependency"
    return str(files("grpc_tools").joinpath("_proto")), str(Path(api.origin).parents[2])


def _generate_python(folder: Path, texts: dict[str, str]) -> dict[str, bytes]:
    """Return the Python files of all protos, by path."""
    out = folder / "out"
    out.mkdir(parents=True)
    outputs = ("--python_out=out", "--grpc_python_out=out", *_DESCRIPTOR_OPTIONS, "--include_source_info")
    _run_protoc(folder, texts, outputs)
    with_services = {path.removesuffix(".proto") for path, text in texts.items() if "\nservice " in text}
    python = {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*.py"))}
    request = plugin_pb2.CodeGeneratorRequest(file_to_generate=sorted(texts), parameter="quiet")
    descriptors = descriptor_pb2.FileDescriptorSet.FromString((folder / "all.binpb").read_bytes())
    request.proto_file.extend(descriptors.file)
    python |= _generate_stubs("messages", request) | _generate_stubs("services", request)
    return {path: text for path, text in python.items() if not _is_empty_stub(path, with_services)}


def _generate_stubs(kind: str, request: plugin_pb2.CodeGeneratorRequest) -> dict[str, bytes]:
    """Return the type stubs of mypy-protobuf, by path."""
    command = [sys.executable, "-P", "-c", _STUB_PLUGINS[kind]]
    run = subprocess.run(command, input=request.SerializeToString(), check=True, capture_output=True)
    response = plugin_pb2.CodeGeneratorResponse.FromString(run.stdout)
    if response.error:
        raise subprocess.CalledProcessError(1, command, stderr=response.error)
    return {file.name: file.content.encode() for file in response.file}


def _is_empty_stub(path: str, with_services: set[str]) -> bool:
    """Return True for a gRPC module of a file without services, which protoc writes too."""
    module, _, extension = path.partition("_pb2_grpc.")
    return bool(extension) and module not in with_services


def _report_failure(build: Build, output: str) -> Diagnostic:
    line = next((line for line in output.splitlines() if line.strip()), "no error message")
    hint = "this is a bug in wirelock: report it with the schema"
    return Diagnostic(PROTOC_FAILED, Location(build.config.proto), f"protoc rejects the protos: {line}", hint)


def _report_warning(build: Build, line: str) -> Diagnostic:
    hint = "the files are written; report it as a bug in wirelock, with the schema"
    return Diagnostic(PROTOC_WARNING, Location(build.config.proto), f"protoc: {line}", hint)
