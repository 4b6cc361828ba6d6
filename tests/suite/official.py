"""The official JSON Schema test suite, from the sdist of `jsonschema`: cases, and the schemas they refer to."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema_specifications import REGISTRY  # pyright: ignore[reportMissingTypeStubs]  # it is not marked as typed

SDIST = "jsonschema-4.26.0"
DRAFTS = {
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}
CACHE = Path(__file__).parents[2] / ".pytest_cache/d/json-schema-test-suite"
HOST = "http://localhost:1234/"


class FetchError(Exception):
    """Raised with the reason if the suite cannot be fetched."""


@dataclass(frozen=True, slots=True)
class SuiteTest:
    """A document with its expected validity; `key` is its name in `nonconforming.toml`."""

    key: str
    data: Any
    valid: bool


@dataclass(frozen=True, slots=True)
class SuiteCase:
    """A schema of the suite with its tests; `schema` has a `$schema` unless it is boolean."""

    draft: str
    file: str
    schema: Any
    tests: tuple[SuiteTest, ...]


@dataclass(frozen=True)
class Suite:
    """The unpacked test data."""

    folder: Path

    def load_required(self, draft: str) -> list[SuiteCase]:
        """Return the required cases of a draft."""
        return list(self._load_cases(draft, ""))

    def load_optional(self, draft: str) -> list[SuiteCase]:
        """Return the optional cases of a draft, except those for single formats."""
        return list(self._load_cases(draft, "optional"))

    def _load_cases(self, draft: str, folder: str) -> Iterator[SuiteCase]:
        home = self.folder / "tests" / draft
        for path in sorted((home / folder).glob("*.json")):
            for case in json.loads(path.read_text("utf-8")):
                file = path.relative_to(home).with_suffix("").as_posix()
                place = f"{draft}/{file}/{case['description']}"
                tests = (
                    SuiteTest(f"{place}/{test['description']}", test["data"], test["valid"]) for test in case["tests"]
                )
                yield SuiteCase(draft, file, add_dialect(case["schema"], draft), tuple(tests))

    def build_registry(self, case: SuiteCase) -> dict[str, Any]:
        """Return the remote schemas and meta-schemas that a case may refer to, by URI."""
        known = self.load_remotes(case.draft)
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

    @cache  # noqa: B019  # there is one suite in a run
    def load_remotes(self, draft: str) -> dict[str, Any]:
        """Return the remote schemas of a draft and the meta-schemas of all drafts, by URI."""
        home = self.folder / "remotes"
        remote: dict[str, Any] = {}
        for path in sorted(home.rglob("*.json")):
            own, _, _ = (name := path.relative_to(home).as_posix()).partition("/")
            if own in DRAFTS or not own.startswith("draft"):
                schema = json.loads(path.read_text("utf-8"))
                remote[HOST + name] = add_dialect(schema, own if own in DRAFTS else draft)
        meta = {uri: resource.contents for uri, resource in REGISTRY.items() if _is_supported(uri)}
        return {**remote, **meta}


@cache
def load_suite() -> Suite:
    """Return the suite, fetched into pytest's cache; skip the test if that fails."""
    home = CACHE / SDIST / "json"
    try:
        if not home.is_dir():
            _fetch()
    except (OSError, tarfile.TarError, FetchError) as error:
        pytest.skip(f"{SDIST} cannot be fetched: {error}")
    return Suite(home)


def _fetch() -> None:
    name, _, version = SDIST.rpartition("-")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "-d", str(CACHE)]
    done = subprocess.run([*command, f"{name}=={version}"], capture_output=True, text=True)
    if done.returncode:
        raise FetchError((done.stderr.strip().splitlines() or ["pip failed without a message"])[-1])
    with tarfile.open(CACHE / f"{SDIST}.tar.gz") as content:
        content.extractall(CACHE, filter="data")


def add_dialect(schema: Any, draft: str) -> Any:
    """Return the schema with the dialect of its draft."""
    if isinstance(schema, dict) and "$schema" not in schema:
        return {"$schema": DRAFTS[draft], **cast("dict[str, Any]", schema)}
    return cast("Any", schema)


def _is_supported(uri: str) -> bool:
    return any(f"/{name}/" in uri for name in ("draft-07", "draft/2019-09", "draft/2020-12")) or "draft-07" in uri
