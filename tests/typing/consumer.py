"""Types of the generated package as a client sees them; mypy and pyright check every `assert_type`."""

from __future__ import annotations

from typing import Any, Literal, assert_type

from opencode_api import session_pb2
from opencode_api._runtime.findings import Finding
from opencode_api.codecs import Codec
from opencode_api.codecs.session import session_info
from opencode_api.models.session import PermissionRule, SessionInfo
from opencode_api.validators.session import session_info as validator

text = b'{"id": "ses_1", "title": "t", "directory": "/d"}'

assert_type(session_info, Codec[session_pb2.SessionInfo])
assert_type(session_info.to_message(text), session_pb2.SessionInfo)
assert_type(session_info.from_message(session_pb2.SessionInfo(id="ses_1")), bytes)
assert_type(session_info.to_message(text).time, session_pb2.SessionTime)
assert_type(session_info.to_message(text).HasField("time"), bool)
assert_type(validator.is_valid(text), bool)
assert_type(validator.check(text), tuple[Finding, ...])

model = SessionInfo.model_validate_json(text)
assert_type(model.title, str)
assert_type(PermissionRule(permission="edit", pattern="*", action="ask").action, Literal["allow", "deny", "ask"])
metadata: dict[str, Any] = model.model_dump(mode="json")
