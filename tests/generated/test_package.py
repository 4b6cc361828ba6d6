"""The generated package: it works without wirelock, and round-trips the recordings."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import grpc
import pytest
from checkout import ROOT, read_exchanges
from pydantic import MISSING

from opencode_api import provider_pb2, session_pb2, session_pb2_grpc
from opencode_api.codecs import provider as provider_codecs
from opencode_api.codecs import session as session_codecs
from opencode_api.models.session import PermissionRule, SessionInfo, SessionList
from opencode_api.validators import session as session_validators

ALLOWED = {"google", "msgspec", "pydantic", "pydantic_core", "jsonschema_rs", "opencode_api", "grpc"}
"""Packages that a client installs: protobuf, googleapis-common-protos, pydantic, jsonschema-rs, msgspec, grpcio."""
ISOLATED = """
import importlib, json, pkgutil, sys
sys.path[:0] = [{folder!r}]

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ImportError(name + " is not part of the generated package")

sys.meta_path.insert(0, Blocked())
import opencode_api
for module in pkgutil.walk_packages(opencode_api.__path__, "opencode_api."):
    importlib.import_module(module.name)
from opencode_api.codecs.session import session_info
text = b'{{"id":"ses_1","title":"t","directory":"/d"}}'
assert session_info.decode(session_info.encode(text)) == text
"""


def test_it_works_with_only_its_own_dependencies(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "generated/opencode_api", tmp_path / "opencode_api")
    blocked = {
        "wirelock",
        "datamodel_code_generator",
        "jinja2",
        "jsonschema",
        "grpc_tools",
        "rich",
        "yaml",
        "referencing",
    }
    code = ISOLATED.format(folder=str(tmp_path), blocked=blocked)
    completed = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr


def test_it_imports_only_documented_dependencies() -> None:
    standard = set(sys.stdlib_module_names)
    for path in (ROOT / "generated/opencode_api").rglob("*.py"):
        statements = [line.split() for line in path.read_text("utf-8").splitlines()]
        roots = {
            parts[1].partition(".")[0] for parts in statements if parts[:1] in (["import"], ["from"]) and len(parts) > 1
        }
        assert {root for root in roots if root} <= ALLOWED | standard, path.name


def test_recorded_sessions_survive_protobuf_and_pydantic() -> None:
    answers = [
        e for e in read_exchanges("lifecycle-1.18.33.har") if e.path == "/session" and e.status == 200 and e.response
    ]
    sessions = [json.loads(e.response.text) for e in answers if e.response and e.method == "POST"]
    assert len(sessions) > 10
    for session in sessions:
        text = json.dumps(session).encode()
        wire = session_codecs.session_info.encode(text)
        assert json.loads(session_codecs.session_info.decode(wire)) == session
        model = SessionInfo.model_validate_json(text)
        assert model.model_dump(mode="json") == session
        assert session_pb2.SessionInfo.FromString(wire).title == model.title


def test_recorded_providers_survive() -> None:
    (answer,) = [
        e for e in read_exchanges("lifecycle-1.18.33.har") if e.path == "/config/providers" and e.status == 200
    ][:1]
    assert answer.response is not None
    message = provider_codecs.provider_list.to_message(answer.response.text)
    assert isinstance(message, provider_pb2.ProviderList)
    assert json.loads(provider_codecs.provider_list.from_message(message)) == json.loads(answer.response.text)


def test_a_message_with_an_invalid_document_is_rejected() -> None:
    """`id` has a minimum length, so that a message without it is not a valid session."""
    with pytest.raises(ValueError, match="/id: expected at least 1 character"):
        session_codecs.session_info.from_message(session_pb2.SessionInfo(title="t"))


def test_a_message_of_another_type_raises_type_error() -> None:
    message = "expected a message of type opencode.session.SessionInfo, got opencode.session.Empty"
    with pytest.raises(TypeError, match=re.escape(message)):
        session_codecs.session_info.from_message(session_pb2.Empty())  # type: ignore[arg-type]


def test_validators_report_findings() -> None:
    assert session_validators.session_time.is_valid(b'{"created": 1, "updated": 1.0}')
    (finding,) = session_validators.session_time.check(b'{"created": 1}')
    assert (finding.pointer, finding.message) == ("/updated", "required property `updated` is missing")


def test_models_distinguish_absent_from_null_and_have_python_names() -> None:
    session = SessionInfo(id="ses_1", title="t", directory="/d", project_id="p")
    assert session.model_dump(mode="json") == {"id": "ses_1", "title": "t", "directory": "/d", "projectID": "p"}
    assert session.parent_id is MISSING
    with pytest.raises(ValueError, match="parentID"):
        SessionInfo.model_validate({"id": "s", "title": "t", "directory": "/d", "parentID": None})
    rule = PermissionRule(permission="edit", pattern="*", action="ask")
    assert SessionList(sessions=[session]).sessions[0].id == "ses_1"
    assert rule.action == "ask"


def test_the_service_can_be_called_over_a_real_channel() -> None:
    class Sessions(session_pb2_grpc.SessionServiceServicer):
        def DeleteSession(self, request, context):  # type: ignore[no-untyped-def]  # noqa: N802
            context.set_trailing_metadata((("deleted", request.session_id),))
            return session_pb2.Empty()

    from concurrent.futures import ThreadPoolExecutor

    server = grpc.server(ThreadPoolExecutor(1))
    session_pb2_grpc.add_SessionServiceServicer_to_server(Sessions(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = session_pb2_grpc.SessionServiceStub(channel)
            _, call = stub.DeleteSession.with_call(session_pb2.DeleteSessionRequest(session_id="ses_1"), timeout=10)
            assert ("deleted", "ses_1") in [tuple(pair) for pair in call.trailing_metadata()]
    finally:
        server.stop(1).wait()


def test_the_protos_compile_without_warnings(tmp_path: Path) -> None:
    """Compile the protos as a client in another language does: from `proto/`, with googleapis."""
    site = Path(sysconfig.get_paths()["purelib"])
    protos = sorted(path.relative_to(ROOT / "proto").as_posix() for path in (ROOT / "proto").rglob("*.proto"))
    assert {"session.proto", "model.proto", "provider.proto"} <= set(protos)
    includes = [f"--proto_path={folder}" for folder in (ROOT / "proto", site, site / "grpc_tools/_proto")]
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        *includes,
        f"--descriptor_set_out={tmp_path / 'all'}",
        *protos,
    ]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (completed.returncode, completed.stdout, completed.stderr) == (0, "", "")


def test_routes_are_options_of_the_methods() -> None:
    from google.api import annotations_pb2

    service = session_pb2.DESCRIPTOR.services_by_name["SessionService"]
    rules = {method.name: method.GetOptions().Extensions[annotations_pb2.http] for method in service.methods}
    assert (rules["ListSessions"].get, rules["ListSessions"].response_body) == ("/session", "sessions")
    assert (rules["CreateSession"].post, rules["CreateSession"].body) == ("/session", "*")
    assert rules["DeleteSession"].delete == "/session/{session_id}"
    assert (rules["UpdateSession"].patch, rules["UpdateSession"].body) == ("/session/{session_id}", "body")
    assert rules["UpdateSessionDirectory"].WhichOneof("pattern") is None


def test_it_runs_with_the_lowest_allowed_protobuf() -> None:
    """Modules of a newer protoc do not: regenerate with `.ci/lowest && .venv-lowest/bin/wirelock generate`."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    allowed = re.search(r'"protobuf>=(\d+)\.(\d+)"', project)
    written = re.search(
        r"Protobuf Python Version: (\d+)\.(\d+)", (ROOT / "generated/opencode_api/session_pb2.py").read_text("utf-8")
    )
    assert allowed is not None and written is not None
    assert (int(written[1]), int(written[2])) <= (int(allowed[1]), int(allowed[2]))
    grpc_allowed = re.search(r'"grpcio>=([\d.]+)"', project)
    grpc_written = re.search(
        r"GRPC_GENERATED_VERSION = '([\d.]+)'", (ROOT / "generated/opencode_api/session_pb2_grpc.py").read_text("utf-8")
    )
    assert grpc_allowed is not None and grpc_written is not None
    assert grpc_written[1].startswith(grpc_allowed[1])
