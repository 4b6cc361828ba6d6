"""What protoc makes of the printed protos: Python messages and gRPC stubs with their types, and the descriptor set.

protoc (grpcio-tools) and mypy-protobuf are subcontractors: they get our text in a folder of their own and run in a
process of their own; whatever protoc has to say, even a warning, is a diagnostic.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.emit.contract import Emitted
from wirelock.emit.proto import Dress, printed
from wirelock.version import VERSION

PROTOC_FAILED = Code("PROTOC_FAILED", Severity.ERROR, fatal=True)
PROTOC_WARNING = Code("PROTOC_WARNING", Severity.WARNING)
DESCRIPTORS = "descriptors.binpb"
_TYPED_STUBS = {
    "messages": "from mypy_protobuf.main import main; main()",
    "services": "from mypy_protobuf.main import grpc; grpc()",
}


def emit(build: Build) -> Emitted:
    """`*_pb2` and `*_pb2_grpc` modules with `.pyi`, and `descriptors.binpb` with everything it imports."""
    if not build.proto.files:  # protoc wants at least one
        return Emitted((Artifact(f"{build.config.home}/{DESCRIPTORS}", b"", "pb2"),))
    with tempfile.TemporaryDirectory(prefix="wirelock-") as folder:
        bare, dressed = Path(folder, "bare"), Path(folder, "dressed")
        home = f"{build.config.generated}/{build.config.package}"
        try:
            words = _protoc(bare, printed(build, Dress()), ["--descriptor_set_out=all.binpb", "--include_imports"])
            python = _python(dressed, printed(build, _dress(build)))
        except subprocess.CalledProcessError as error:
            return Emitted((), (_failed(build, str(error.stderr)),))
        found = [_warning(build, line) for line in words.splitlines() if line.strip()]
        contents = {f"{home}/{DESCRIPTORS}": (bare / "all.binpb").read_bytes()}
        contents |= {f"{build.config.generated}/{path}": content for path, content in python.items()}
    return Emitted(tuple(Artifact(path, content, "pb2") for path, content in sorted(contents.items())), tuple(found))


def compiled_protos(texts: Mapping[str, str]) -> descriptor_pb2.FileDescriptorSet | str:
    """The descriptors of protos by path, with what they import; protoc's words if it refuses them."""
    with tempfile.TemporaryDirectory(prefix="wirelock-") as folder:
        try:
            _protoc(Path(folder), texts, ["--descriptor_set_out=all.binpb", "--include_imports"])
        except subprocess.CalledProcessError as error:
            return str(error.stderr).strip()
        return descriptor_pb2.FileDescriptorSet.FromString(Path(folder, "all.binpb").read_bytes())


def key(build: Build) -> bytes:
    """Everything of ours that the output depends on: what protoc is given. Not its version (decision 0002)."""
    texts = [*printed(build, Dress()).items(), *printed(build, _dress(build)).items()]
    return "\0".join([VERSION, *(part for text in texts for part in text)]).encode()


def _dress(build: Build) -> Dress:
    return Dress(prefix=f"{build.config.package}/", own_options=False)


def _protoc(folder: Path, texts: Mapping[str, str], outputs: list[str]) -> str:
    """Run protoc on files in a folder of their own; gives what it said, raises CalledProcessError."""
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    includes = [f"--proto_path={include}" for include in (".", *_includes())]
    command = [sys.executable, "-P", "-m", "grpc_tools.protoc", *includes, *outputs, *sorted(texts)]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, encoding="utf-8").stderr


def _includes() -> tuple[str, ...]:
    """Where google/protobuf/*.proto and google/api/*.proto are."""
    api = find_spec("google.api.annotations_pb2")
    assert api is not None and api.origin is not None, "googleapis-common-protos is a dependency"
    return str(files("grpc_tools").joinpath("_proto")), str(Path(api.origin).parents[2])


def _python(folder: Path, texts: dict[str, str]) -> dict[str, bytes]:
    """The Python files of all protos by path."""
    out = folder / "out"
    out.mkdir(parents=True)
    outputs = ["--python_out=out", "--grpc_python_out=out", "--descriptor_set_out=all.binpb"]
    _protoc(folder, texts, [*outputs, "--include_imports", "--include_source_info"])
    served = {_module(path) for path, text in texts.items() if "\nservice " in text}
    python = {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*.py"))}
    request = plugin_pb2.CodeGeneratorRequest(file_to_generate=sorted(texts), parameter="quiet")
    descriptors = descriptor_pb2.FileDescriptorSet.FromString((folder / "all.binpb").read_bytes())
    request.proto_file.extend(descriptors.file)
    python |= _typed("messages", request) | _typed("services", request)
    return {path: text for path, text in python.items() if not _is_empty_stub(path, served)}


def _typed(kind: str, request: plugin_pb2.CodeGeneratorRequest) -> dict[str, bytes]:
    """The type stubs that mypy-protobuf writes, by path."""
    command = [sys.executable, "-P", "-c", _TYPED_STUBS[kind]]
    run = subprocess.run(command, input=request.SerializeToString(), check=True, capture_output=True)
    response = plugin_pb2.CodeGeneratorResponse.FromString(run.stdout)
    if response.error:
        raise subprocess.CalledProcessError(1, command, stderr=response.error)
    return {file.name: file.content.encode() for file in response.file}


def _module(path: str) -> str:
    return path.removesuffix(".proto")


def _is_empty_stub(path: str, served: set[str]) -> bool:
    """Whether a gRPC module belongs to a file without services; protoc writes those too."""
    module, _, rest = path.partition("_pb2_grpc.")
    return bool(rest) and module not in served


def _failed(build: Build, words: str) -> Diagnostic:
    line = next((line for line in words.splitlines() if line.strip()), "it gave no reason")
    hint = "this is a fault of wirelock: please report it, with the schema"
    return Diagnostic(PROTOC_FAILED, Location(build.config.proto), f"protoc refuses the protos: {line}", hint)


def _warning(build: Build, line: str) -> Diagnostic:
    return Diagnostic(
        PROTOC_WARNING, Location(build.config.proto), f"protoc: {line}", "the files were written all the same"
    )
