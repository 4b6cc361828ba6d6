"""The wheel: built, installed into a new environment, and run from another folder."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from checkout import ROOT

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_contains_exactly_the_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    roots = {name.partition("/")[0] for name in names}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"wirelock"}
    package = ROOT / "generator/wirelock"
    shipped = (".py", ".md", ".json", ".typed")
    files = {
        p.relative_to(package).as_posix() for p in package.rglob("*") if p.suffix in shipped or p.name == "py.typed"
    }
    templates = {f"templates/{p.relative_to(ROOT / 'templates').as_posix()}" for p in ROOT.glob("templates/**/*.j2")}
    assert {f"wirelock/{name}" for name in files | templates} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_works_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    """Run wirelock from the wheel, with the dependencies of this environment."""
    home = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    subprocess.run([home / "bin/pip", "install", "--quiet", "--no-deps", str(wheel)], check=True, capture_output=True)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", "utf-8")
    command = [home / "bin/python", "-c", "import wirelock; print(wirelock.__file__)"]
    path = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert path.startswith(str(site))
    for arguments in (["init", "demo"], ["check"], ["explain", "VIOLATION"]):
        folder = tmp_path if arguments[0] == "init" else tmp_path / "demo"
        result = subprocess.run(
            [home / "bin/wirelock", *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
