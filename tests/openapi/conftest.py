"""Real descriptions take seconds to generate: each is generated once, for all tests that look at it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from versions import Generated, generated_from


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Generated]:
    """Everything made from a version of the real description."""
    known: dict[str, Generated] = {}

    def once(version: str) -> Generated:
        if version not in known:
            known[version] = generated_from(version, tmp_path_factory.mktemp("version"))
        return known[version]

    return once
