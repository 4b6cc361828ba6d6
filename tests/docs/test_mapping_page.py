"""`docs/mapping.md` matches the codec: its JSON, messages, bytes and tables are compared."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from opencode_api.codecs.session import session_info, update_session_body

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/mapping.md").read_text("utf-8")
MAPPING: dict[str, Any] = json.loads((ROOT / "generated/opencode_api/mapping.json").read_text("utf-8"))
SCHEMA: dict[str, Any] = json.loads(files("wirelock").joinpath("meta/mapping.schema.json").read_text("utf-8"))
SESSIONS = (ROOT / "tests/recordings/sessions.ndjson").read_text("utf-8").splitlines()
BLOCK = re.compile(
    r"^ *<!-- (?P<says>\w+): (?P<about>[^\n]+) -->\n(?P<text> *```\w+\n.*?\n *)```$", re.DOTALL | re.MULTILINE
)
CODECS: dict[str, Any] = {"a session": session_info, "a change": update_session_body}


def find_blocks(says: str) -> dict[str, str]:
    """Return the content of all blocks of one kind, by subject."""
    found = [match for match in BLOCK.finditer(PAGE) if match["says"] == says]
    return {match["about"]: textwrap.dedent(match["text"]).partition("\n")[2] for match in found}


JSON = find_blocks("json")


def test_every_block_is_held_against_something() -> None:
    assert PAGE.count("```") == 2 * len(list(BLOCK.finditer(PAGE)))
    assert set(JSON) == set(find_blocks("message")) == set(CODECS)
    assert set(find_blocks("bytes")) == {"a session"}
    assert len(find_blocks("mapping")) == 3


def test_the_session_is_a_recorded_one() -> None:
    assert json.loads(JSON["a session"]) in map(json.loads, SESSIONS)


@pytest.mark.parametrize("about", CODECS)
def test_the_message_is_what_the_codec_makes_of_the_json(about: str) -> None:
    made = CODECS[about].to_message(JSON[about])
    assert text_format.Parse(find_blocks("message")[about], type(made)()) == made
    assert json.loads(CODECS[about].from_message(made)) == json.loads(JSON[about])


def test_the_bytes_are_those_of_the_message() -> None:
    for about, text in find_blocks("bytes").items():
        assert bytes.fromhex(text) == CODECS[about].encode(JSON[about])


@pytest.mark.parametrize("path", find_blocks("mapping"))
def test_what_is_shown_of_the_mapping_is_in_it(path: str) -> None:
    value: Any = MAPPING
    for key in path.split(", "):
        value = value[int(key) if key.isdecimal() else key]
    assert json.loads(find_blocks("mapping")[path]) == value


def read_rows(head: str) -> list[list[str]]:
    """Return the cells of the table with a head."""
    lines = [line.strip() for line in PAGE.splitlines()]
    start = lines.index(head) + 2
    end = next(index for index in range(start, len(lines)) if not lines[index].startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:end]]


def list_fields(value: dict[str, Any], message: str, at: str = "") -> Iterator[list[str]]:
    """Yield a row per property of a document: location, field, number, kind, and explicit or not."""
    declared = {field["json"]: field for field in MAPPING["messages"][message]["fields"]}
    for name, inner in value.items():
        field = declared[name]
        place, kind = f"{at}/{name}", field["type"]["kind"]
        yield [f"`{place}`", f"`{field['name']}`", str(field["number"]), f"`{kind}`", ("no", "yes")[field["explicit"]]]
        if kind == "message":
            yield from list_fields(inner, field["type"]["message"], place)


def test_the_steps_are_those_of_the_mapping() -> None:
    table = read_rows("| JSON | field | number | kind | `explicit` | value |")
    message = MAPPING["types"]["session/sessionInfo"]["message"]
    assert [row[:5] for row in table] == list(list_fields(json.loads(JSON["a session"]), message))


def test_an_undeclared_property_of_a_session_goes_where_the_page_says() -> None:
    (documented,) = re.findall(r"`unknown` tells what happens to a property without a field; here it is `(\w+)`", PAGE)
    assert MAPPING["messages"]["opencode.session.SessionInfo"]["unknown"] == documented


def list_names(head: str) -> list[str]:
    """List the names in the first column of a table."""
    return [name for row in read_rows(head) for name in re.findall(r"`([^`]+)`", row[0])]


def test_the_tables_name_every_part_form_and_kind() -> None:
    kinds = [SCHEMA["$defs"][ref.rpartition("/")[2]]["properties"]["kind"] for ref in list_references("type")]
    forms = [SCHEMA["$defs"][ref.rpartition("/")[2]]["properties"]["form"] for ref in list_references("message")]
    assert list_names("| key | content |") == list(SCHEMA["properties"])
    assert list_names("| form | JSON | protobuf |") == [form["const"] for form in forms]
    assert sorted(list_names("| kind | JSON | protobuf |")) == sorted(
        name for kind in kinds for name in kind.get("enum", [kind.get("const")])
    )


def list_references(definition: str) -> list[str]:
    """List the alternatives of a schema definition."""
    return [one["$ref"] for one in SCHEMA["$defs"][definition]["oneOf"]]
