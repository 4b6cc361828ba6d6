"""The compiled pairs of protos in this folder: one file each, or several after lines `// file: <path>`."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

HERE = Path(__file__).parent
RULE_FOLDERS = sorted(path.name for path in HERE.iterdir() if (path / "old.proto").is_file())
COMPATIBLE = sorted(path.relative_to(HERE).as_posix() for path in (HERE / "compatible").iterdir())

_FILE = re.compile(r"^// file: (.+)\n", re.MULTILINE)


@cache
def load_pair(name: str) -> tuple[FileDescriptorSet, FileDescriptorSet]:
    """Return both states of a folder, each with its imports."""
    old, new = (compile_protos((HERE / name / f"{state}.proto").read_text("utf-8")) for state in ("old", "new"))
    return old, new


def compile_protos(text: str) -> FileDescriptorSet:
    """Return the descriptor set of a file named shop.proto, or of the files that the text names."""
    with TemporaryDirectory() as folder:
        files = _files(text)
        for path, content in files.items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, "utf-8")
        output = f"{folder}/set.binpb"
        includes = [f"--proto_path={path}" for path in (folder, *_imports())]
        options = (f"--descriptor_set_out={output}", "--include_imports", "--include_source_info")
        status = protoc.main(["protoc", *includes, *options, *files])
        assert status == 0, text
        return FileDescriptorSet.FromString(Path(output).read_bytes())


def _files(text: str) -> dict[str, str]:
    _, *parts = _FILE.split(text)
    return dict(zip(parts[::2], parts[1::2], strict=True)) if parts else {"shop.proto": text}


def _imports() -> tuple[Path, Path]:
    api, tools = find_spec("google.api.annotations_pb2"), find_spec("grpc_tools.protoc")
    assert api is not None and api.origin is not None and tools is not None and tools.origin is not None
    return Path(api.origin).parents[2], Path(tools.origin).parent / "_proto"
