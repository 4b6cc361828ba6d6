"""A cache of generated real descriptions, each of which takes seconds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from description_versions import GeneratedVersion, generate_version


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], GeneratedVersion]:
    """Generate a version of the real description, once per session."""
    known: dict[str, GeneratedVersion] = {}

    def generate_once(version: str) -> GeneratedVersion:
        if version not in known:
            known[version] = generate_version(version, tmp_path_factory.mktemp("version"))
        return known[version]

    return generate_once
