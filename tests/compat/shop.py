"""A small project in a git repository, for the tests of the breaking check."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkout import load_config

from wirelock.build import build
from wirelock.compat.comparison import compare
from wirelock.diagnostics import Diagnostic, Report
from wirelock.emit.pb2 import compile_protos
from wirelock.emit.proto import PrintOptions, print_protos

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
        """Run git in the folder; return its output."""
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
        run = subprocess.run(["git", *who, *arguments], cwd=self.root, capture_output=True, text=True, check=True)
        return run.stdout.strip()

    def commit(self) -> str:
        """Commit everything; return the hash."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a state")
        return self.git("rev-parse", "HEAD")

    def write_schema(self, name: str, value: object) -> None:
        """Write a schema."""
        path = self.root / f"schemas/shop/{name}.schema.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value, indent=1), "utf-8")

    def write_service(self, value: object) -> None:
        """Write the service."""
        (self.root / "schemas/shop/shop.service.json").write_text(json.dumps(value, indent=1), "utf-8")

    def configure(self, text: str = "") -> None:
        """Write the configuration with additional keys."""
        (self.root / "wirelock.toml").write_text(f'package = "shop_api"\nproto-package = "shop"\n{text}', "utf-8")

    def generate(self) -> None:
        """Write the protos and the ledger; no test needs the Python code."""
        built = build(load_config(self.root))
        assert built.is_sound, built.diagnostics
        for path, text in {
            **print_protos(built, PrintOptions()),
            "numbers.json": built.ledger.content.decode(),
        }.items():
            target = self.root / "proto" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")

    def compile_descriptors(self) -> bytes:
        """Return the descriptor set of the current protos."""
        descriptors = compile_protos(print_protos(build(load_config(self.root)), PrintOptions()))
        assert not isinstance(descriptors, str), descriptors
        return descriptors.SerializeToString()

    def compare(self, against: str = "") -> Report:
        """Compare the project with a baseline."""
        return compare(load_config(self.root), against)

    def drop_note(self) -> None:
        """Remove a property from the response, the most common change in tests, and generate."""
        self.write_schema("order", {**ORDER, "properties": {"id": TEXT}})
        self.generate()


def create_shop(root: Path) -> Shop:
    """Create the project, committed on main and tagged v1."""
    shop = Shop(root)
    root.mkdir(parents=True)
    shop.git("init", "-q")
    shop.configure()
    for name, value in SCHEMAS.items():
        shop.write_schema(name, value)
    shop.write_service(SERVICE)
    shop.generate()
    shop.commit()
    shop.git("tag", "v1")
    return shop


def copy_shop(shop: Shop, root: Path) -> Shop:
    """Copy the project without its repository."""
    shutil.copytree(shop.root, root, ignore=shutil.ignore_patterns(".git"))
    return Shop(root)


def get_failure_codes(report: Report) -> list[str]:
    """Return the codes of the failures."""
    return [diagnostic.code.id for diagnostic in report.diagnostics if diagnostic.is_failure]


def get_only_diagnostic(report: Report) -> Diagnostic:
    """Return the only diagnostic of a comparison that could not run."""
    assert report.exit_code == 2
    assert report.summary == {}
    (diagnostic,) = report.diagnostics
    return diagnostic
