"""`docs/testing.md`: its code runs, its output is what comes out, its options are there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from checkout import ROOT

import wirelock
from wirelock.testing import Conformance, NotConforming
from wirelock.testing.summary import ENDINGS

httpx = pytest.importorskip("httpx", reason="the test extra has httpx; the lowest environment does without")
PAGE = (ROOT / "docs/testing.md").read_text("utf-8")
SESSION, SERVER, CLIENT, PLAIN = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
(SHOWN,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
MISSING = {"id": "ses_1", "title": "first"}


def defined(code: str, name: str, **given: Any) -> Any:
    """What a block of the page defines by that name."""
    values: dict[str, Any] = dict(given)
    exec(compile(code, "docs/testing.md", "exec"), values)
    return values[name]


def client(**answer: Any) -> Any:
    """A client of a server that answers so."""
    return httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answer)), base_url="http://server"
    )


def test_the_first_test_and_what_it_prints(conformance: Conformance) -> None:
    test = defined(SESSION, "test_a_session")
    test(conformance, client(**MISSING, directory="/"))
    conformance.begin("tests/test_api.py::test_a_session")
    with pytest.raises(NotConforming) as caught:
        test(conformance, client(**MISSING))
    assert f"NotConforming: {caught.value}" == f"{SHOWN}\nfindings: 1 error"


@pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`")
def test_the_server(conformance: Conformance) -> None:
    pytest.importorskip("starlette", reason="the test extra has starlette")
    from starlette.responses import JSONResponse

    with pytest.raises(NotConforming):
        defined(SERVER, "test_the_server")(conformance, JSONResponse(MISSING))


def test_the_client(conformance: Conformance) -> None:
    defined(CLIENT, "test_the_client")(conformance)


def test_without_pytest() -> None:
    code = PLAIN.replace("path/to/project", str(ROOT))
    conformance = defined(code, "conformance", response=client(**MISSING, directory="/").get("/session/ses_1"))
    assert conformance.report().summary["exchanges"]["conforming"] == 1
    assert issubclass(NotConforming, AssertionError)
    assert wirelock.load(ROOT).config == conformance.project.config


def test_the_endings_of_reports() -> None:
    (row,) = [line for line in PAGE.splitlines() if "--wirelock-report" in line]
    assert set(re.findall(r"`(\.\w+)`", row)) == set(ENDINGS)
