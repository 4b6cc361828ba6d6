"""Proof of all types of the newest real description."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from checkout import load_project
from description_versions import FOLDER, find_versions, get_path

import wirelock

pytestmark = pytest.mark.long

EXAMPLES = int(os.environ.get("WIRELOCK_EXAMPLES", "1"))
"""The number of documents per type; `.ci/nightly` sets 200."""


@pytest.mark.xdist_group("proof")  # starts early, because it takes long
@pytest.mark.skipif(not FOLDER, reason="WIRELOCK_OPENAPI names no OpenAPI descriptions")
def test_schema_validator_model_and_codec_agree_on_every_type(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "oc_api"\nproto-package = "oc"\n', "utf-8")
    assert wirelock.import_document(load_project(tmp_path), str(get_path(find_versions()[-1]))).exit_code == 0
    report = wirelock.prove(load_project(tmp_path), examples=EXAMPLES)
    assert [d.message for d in report.diagnostics if d.is_failure] == []
    assert int(report.summary["proof"]["types"]) > 800
