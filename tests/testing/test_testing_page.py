"""`docs/testing.md`: its code runs, and its output and options are correct."""

from __future__ import annotations

import re
from typing import Any

import pytest
from checkout import ROOT

import wirelock
from wirelock.testing import Conformance, ConformanceError
from wirelock.testing.summary import FORMAT_BY_EXTENSION

httpx = pytest.importorskip("httpx", reason="the test extra has httpx; the lowest environment does without")
PAGE = (ROOT / "docs/testing.md").read_text("utf-8")
SESSION, SERVER, CLIENT, PLAIN = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
(SHOWN,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
MISSING = {"id": "ses_1", "title": "first"}


def run_block(code: str, name: str, **given: Any) -> Any:
    """Run a block of the page; return the object with this name."""
    namespace: dict[str, Any] = dict(given)
    exec(compile(code, "docs/testing.md", "exec"), namespace)
    return namespace[name]


def build_client(**answer: Any) -> Any:
    """Return a client that receives this response."""
    return httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answer)), base_url="http://server"
    )


def test_the_first_test_and_its_output(conformance: Conformance) -> None:
    test = run_block(SESSION, "test_a_session")
    test(conformance, build_client(**MISSING, directory="/"))
    conformance.begin("tests/test_api.py::test_a_session")
    with pytest.raises(ConformanceError) as caught:
        test(conformance, build_client(**MISSING))
    assert f"ConformanceError: {caught.value}" == f"{SHOWN}\nfailed with 1 error"


@pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`")
def test_the_server_example(conformance: Conformance) -> None:
    pytest.importorskip("starlette", reason="the test extra has starlette")
    from starlette.responses import JSONResponse

    with pytest.raises(ConformanceError):
        run_block(SERVER, "test_the_server")(conformance, JSONResponse(MISSING))


def test_the_client_example(conformance: Conformance) -> None:
    run_block(CLIENT, "test_the_client")(conformance)


def test_the_example_without_pytest() -> None:
    code = PLAIN.replace("path/to/project", str(ROOT))
    conformance = run_block(code, "conformance", response=build_client(**MISSING, directory="/").get("/session/ses_1"))
    assert conformance.report().summary["exchanges"]["conforming"] == 1
    assert issubclass(ConformanceError, AssertionError)
    assert wirelock.load(ROOT).config == conformance.project.config


def test_the_extensions_of_reports() -> None:
    (row,) = [line for line in PAGE.splitlines() if "--wirelock-report" in line]
    assert set(re.findall(r"`(\.\w+)`", row)) == set(FORMAT_BY_EXTENSION)
