"""`docs/breaking.md` shows what happens: its report, its configuration and its Python are run."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from checkout import ROOT

import wirelock
from wirelock.config import Config, read_config
from wirelock.report.text import render

PAGE = (ROOT / "docs/breaking.md").read_text("utf-8")


def block(name: str) -> str:
    """A block of the page by the name before it."""
    (found,) = re.findall(rf"^<!-- {name} -->\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_report_is_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests/compat"), *sys.path])
    from shop import ORDER, TEXT, create_shop

    shop = create_shop(tmp_path / "shop")
    properties = {"id": TEXT, "note": TEXT, "total": {"type": "integer"}}
    shop.write_schema("newOrder", {**ORDER, "properties": properties, "required": ["id", "total"]})
    shop.generate()
    assert render(shop.compare("v1")).startswith(block("the report"))


def test_the_configuration_is_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(block("the configuration"), "utf-8")
    config = read_config(tmp_path)
    assert isinstance(config, Config), config
    assert (config.breaking.against, config.breaking.version) == ("origin/main", "1.4.0")
    assert [one.rule for one in config.breaking.accept] == ["FIELD_NO_DELETE"]
    assert set(read_keys(block("the configuration"))) == {"against", "wire", "severities", "accept"}


def read_keys(text: str) -> list[str]:
    """The keys of the breaking table."""
    return re.findall(r"^(\w+) = ", text.partition("[tool.wirelock.breaking]")[2], re.MULTILINE)


def test_the_python_gives_what_its_comments_say() -> None:
    values: dict[str, Any] = {"wirelock": wirelock}
    code = block("the python")
    exec(compile(code, "breaking.md", "exec"), values)
    for expression, value in re.findall(r"^(report\.\w+)  # (.*)$", code, re.MULTILINE):
        assert repr(eval(expression, values)) == value
