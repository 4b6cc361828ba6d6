"""The official JSON Schema test suite, from the sdist of `jsonschema`: its cases, and the schemas they refer to."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema_specifications import REGISTRY

SDIST = "jsonschema-4.26.0"
DRAFTS = {
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}
CACHE = Path(__file__).parents[2] / ".pytest_cache/d/json-schema-test-suite"
HOST = "http://localhost:1234/"


class NotFetched(Exception):
    """The suite is not at hand, and why."""


@dataclass(frozen=True, slots=True)
class Test:
    """A document, and whether it is valid; `key` is what `nonconforming.toml` calls it."""

    key: str
    data: Any
    valid: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One schema of the suite with its tests; `schema` states its dialect if it can."""

    draft: str
    file: str
    schema: Any
    tests: tuple[Test, ...]


@dataclass(frozen=True)
class Suite:
    """The unpacked test data."""

    folder: Path

    def required(self, draft: str) -> list[Case]:
        """The cases that whoever claims the draft must get right."""
        return list(self._cases(draft, ""))

    def optional(self, draft: str) -> list[Case]:
        """The other cases, apart from those about what each `format` means."""
        return list(self._cases(draft, "optional"))

    def _cases(self, draft: str, folder: str) -> Iterator[Case]:
        home = self.folder / "tests" / draft
        for path in sorted((home / folder).glob("*.json")):
            for case in json.loads(path.read_text("utf-8")):
                file = path.relative_to(home).with_suffix("").as_posix()
                place = f"{draft}/{file}/{case['description']}"
                tests = (Test(f"{place}/{test['description']}", test["data"], test["valid"]) for test in case["tests"])
                yield Case(draft, file, stated(case["schema"], draft), tuple(tests))

    def registry(self, case: Case) -> dict[str, Any]:
        """The remote schemas and meta-schemas that a case may refer to, by their URI."""
        known = self.remotes(case.draft)
        needed: dict[str, Any] = {}
        open_texts = [json.dumps(case.schema)]
        while open_texts:
            text = open_texts.pop()
            for uri, schema in known.items():
                whole = uri.startswith(f"{HOST}draft") and not uri.startswith(f"{HOST}{case.draft}/")
                name = uri if whole else uri.rpartition("/")[2].rstrip("#")
                if uri not in needed and name in text:
                    needed[uri] = schema
                    open_texts.append(json.dumps(schema))
        return needed

    @cache  # noqa: B019  # one suite a run
    def remotes(self, draft: str) -> dict[str, Any]:
        """Every remote schema of a draft, and the meta-schemas of all three."""
        home = self.folder / "remotes"
        remote: dict[str, Any] = {}
        for path in sorted(home.rglob("*.json")):
            own, _, _ = (name := path.relative_to(home).as_posix()).partition("/")
            if own in DRAFTS or not own.startswith("draft"):
                schema = json.loads(path.read_text("utf-8"))
                remote[HOST + name] = stated(schema, own if own in DRAFTS else draft)
        meta = {uri: found.contents for uri, found in REGISTRY.items() if _is_ours(uri)}
        return {**remote, **meta}


@cache
def suite() -> Suite:
    """The suite, fetched once into pytest's cache; skips the test where that cannot be."""
    home = CACHE / SDIST / "json"
    try:
        if not home.is_dir():
            _fetch()
    except (OSError, tarfile.TarError, NotFetched) as why:
        pytest.skip(f"{SDIST} cannot be fetched: {why}")
    return Suite(home)


def _fetch() -> None:
    name, _, version = SDIST.rpartition("-")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "-d", str(CACHE)]
    done = subprocess.run([*command, f"{name}=={version}"], capture_output=True, text=True)
    if done.returncode:
        raise NotFetched((done.stderr.strip().splitlines() or ["pip does not say why"])[-1])
    with tarfile.open(CACHE / f"{SDIST}.tar.gz") as content:
        content.extractall(CACHE, filter="data")


def stated(schema: Any, draft: str) -> Any:
    """The schema with its dialect."""
    if isinstance(schema, dict) and "$schema" not in schema:
        return {"$schema": DRAFTS[draft], **schema}
    return schema


def _is_ours(uri: str) -> bool:
    return any(f"/{name}/" in uri for name in ("draft-07", "draft/2019-09", "draft/2020-12")) or "draft-07" in uri
