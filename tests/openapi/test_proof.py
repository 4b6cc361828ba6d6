"""The whole of a real API proved: documents drawn for every type of an imported description."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from checkout import configuration

from wirelock import api

EXAMPLES = int(os.environ.get("WIRELOCK_EXAMPLES", "1"))
"""Documents of each type; the nightly run sets 200, which takes six minutes."""


@pytest.mark.skipif("WIRELOCK_OPENAPI" not in os.environ, reason="WIRELOCK_OPENAPI names no OpenAPI descriptions")
def test_schema_validator_model_and_codec_agree_on_every_type(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "oc_api"\nproto-package = "oc"\n', "utf-8")
    document = Path(os.environ["WIRELOCK_OPENAPI"]) / "opencode-openapi-1.18.33.json"
    assert api.import_document(configuration(tmp_path), str(document)).exit_code == 0
    report = api.prove(configuration(tmp_path), examples=EXAMPLES)
    assert [d.message for d in report.diagnostics if d.fails] == []
    assert int(report.summary["proof"]["types"]) > 800
