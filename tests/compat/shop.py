"""A small project in a git repository, to be changed: what the tests of the breaking check compare."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkout import configuration

from wirelock.build import build
from wirelock.compat.comparison import compare
from wirelock.diagnostics import Diagnostic, Report
from wirelock.emit.pb2 import compiled_protos
from wirelock.emit.proto import Dress, printed

TEXT = {"type": "string"}
ORDER = {"type": "object", "properties": {"id": TEXT, "note": TEXT}, "required": ["id"]}
SERVICE = {
    "service": "ShopService",
    "methods": {
        "GetOrder": {
            "request": "getOrder.schema.json",
            "response": "order.schema.json",
            "http": {"get": "/order/{id}"},
        },
        "PutOrder": {"request": "newOrder.schema.json", "response": "receipt.schema.json", "http": {"post": "/order"}},
    },
}
KEY = {"type": "object", "properties": {"id": TEXT}, "required": ["id"]}
RECEIPT = {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}
SCHEMAS: Mapping[str, dict[str, Any]] = {"order": ORDER, "newOrder": ORDER, "getOrder": KEY, "receipt": RECEIPT}


@dataclass(frozen=True)
class Shop:
    """The project in a folder."""

    root: Path

    def git(self, *arguments: str) -> str:
        """Run git there; gives what it printed."""
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
        run = subprocess.run(["git", *who, *arguments], cwd=self.root, capture_output=True, text=True, check=True)
        return run.stdout.strip()

    def commit(self) -> str:
        """Commit everything; gives the hash."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a state")
        return self.git("rev-parse", "HEAD")

    def schema(self, name: str, value: object) -> None:
        """Write a schema."""
        path = self.root / f"schemas/shop/{name}.schema.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value, indent=1), "utf-8")

    def service(self, value: object) -> None:
        """Write the service."""
        (self.root / "schemas/shop/shop.service.json").write_text(json.dumps(value, indent=1), "utf-8")

    def configure(self, text: str = "") -> None:
        """Write the configuration, with more keys."""
        (self.root / "wirelock.toml").write_text(f'package = "shop_api"\nproto-package = "shop"\n{text}', "utf-8")

    def generate(self) -> None:
        """Write protos and ledger; the Python costs time, and nothing here looks at it."""
        built = build(configuration(self.root))
        assert built.sound, built.diagnostics
        for path, text in {**printed(built, Dress()), "numbers.json": built.ledger.content.decode()}.items():
            target = self.root / "proto" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")

    def descriptors(self) -> bytes:
        """The descriptor set of the protos as they are."""
        made = compiled_protos(printed(build(configuration(self.root)), Dress()))
        assert not isinstance(made, str), made
        return made.SerializeToString()

    def breaking(self, against: str = "") -> Report:
        """Compare."""
        return compare(configuration(self.root), against)

    def drop_note(self) -> None:
        """The change that most tests make: a property of what is answered goes, and what is written is up to date."""
        self.schema("order", {**ORDER, "properties": {"id": TEXT}})
        self.generate()


def made(root: Path) -> Shop:
    """The project, committed on main and tagged v1."""
    shop = Shop(root)
    root.mkdir(parents=True)
    shop.git("init", "-q")
    shop.configure()
    for name, value in SCHEMAS.items():
        shop.schema(name, value)
    shop.service(SERVICE)
    shop.generate()
    shop.commit()
    shop.git("tag", "v1")
    return shop


def copied(shop: Shop, root: Path) -> Shop:
    """The project elsewhere, without its repository."""
    shutil.copytree(shop.root, root, ignore=shutil.ignore_patterns(".git"))
    return Shop(root)


def codes(report: Report) -> list[str]:
    """The codes of what fails."""
    return [diagnostic.code.id for diagnostic in report.diagnostics if diagnostic.fails]


def only(report: Report) -> Diagnostic:
    """What a comparison that could not be made says: one thing, and it never looks like no changes."""
    assert report.exit_code == 2
    assert report.summary == {}
    (diagnostic,) = report.diagnostics
    return diagnostic
