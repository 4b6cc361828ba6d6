"""The whole of a real API proved: documents drawn for every type of the newest description, imported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from checkout import configuration
from versions import FOLDER, path_of, versions

import wirelock

EXAMPLES = int(os.environ.get("WIRELOCK_EXAMPLES", "1"))
"""Documents of each type; `.ci/nightly` sets 200."""


@pytest.mark.xdist_group("proof")  # which is long, and so begins early
@pytest.mark.skipif(not FOLDER, reason="WIRELOCK_OPENAPI names no OpenAPI descriptions")
def test_schema_validator_model_and_codec_agree_on_every_type(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "oc_api"\nproto-package = "oc"\n', "utf-8")
    assert wirelock.import_document(configuration(tmp_path), str(path_of(versions()[-1]))).exit_code == 0
    report = wirelock.prove(configuration(tmp_path), examples=EXAMPLES)
    assert [d.message for d in report.diagnostics if d.fails] == []
    assert int(report.summary["proof"]["types"]) > 800
