"""Unions whose branches are all null."""

from __future__ import annotations

import pytest

from wirelock.api.compile import compile


@pytest.mark.parametrize(("keyword", "is_valid"), [("oneOf", False), ("anyOf", True)])
def test_a_union_of_nulls_is_compiled(keyword: str, is_valid: bool) -> None:
    nulls = {"type": "object", "properties": {"a": {keyword: [{"type": "null"}, {"type": "null"}]}}}
    compiled = compile(nulls)
    assert compiled.is_valid('{"a":null}') is is_valid
    assert bool(compiled.model.model_validate({})) is True
    if is_valid:
        compiled.model.model_validate({"a": None})
    else:
        with pytest.raises(ValueError, match="1 validation error"):
            compiled.model.model_validate({"a": None})
