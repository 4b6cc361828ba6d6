"""Path templates of HTTP rules: validation, variables, and their replacement."""

from __future__ import annotations

import pytest

from wirelock.path_templates import (
    PathVariable,
    find_variable_names,
    is_path_template,
    parse_variable,
    rename_variables,
    replace_variables,
)


@pytest.mark.parametrize(
    "path", ["/", "/session", "/session/", "/session/{sessionID}", "/{a}/{b c}", "/file/{path=**}", "//a", "/a.b:c"]
)
def test_literals_and_variables_make_a_template(path: str) -> None:
    assert is_path_template(path)


@pytest.mark.parametrize(
    "path",
    ["", "session", "/{}", "/{a", "/a}", "/{a}.json", "/{a=b}", "/{a=}", "/{a=*}", "/a b", "/a?b", "/a#b", "/{a}b"],
)
def test_other_paths_are_no_templates(path: str) -> None:
    assert not is_path_template(path)


def test_a_variable_has_a_name_and_a_pattern() -> None:
    assert parse_variable("{id}") == PathVariable("id")
    assert parse_variable("{path=**}") == PathVariable("path", "**")
    assert parse_variable("id") is parse_variable("{id}.json") is None
    assert [str(PathVariable("id")), str(PathVariable("path", "**"))] == ["{id}", "{path=**}"]


def test_variables_are_found_and_replaced_in_order() -> None:
    assert find_variable_names("/a/{b}/{c=**}") == ("b", "c")
    assert rename_variables("/a/{b}/{c=**}", str.upper) == "/a/{B}/{C=**}"
    assert replace_variables("/a/{b}/{c=**}", lambda _: "{}") == "/a/{}/{}"
