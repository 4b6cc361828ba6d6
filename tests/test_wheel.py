"""The wheel: built, installed into a new environment, and run from another folder."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from checkout import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    pytest.importorskip("hatchling", reason="the test extra has hatchling; the lowest environment does without")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_wirelock_alone_and_all_of_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    roots = {name.partition("/")[0] for name in names}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"wirelock"}
    package = ROOT / "generator/wirelock"
    shipped = (".py", ".md", ".json", ".typed")
    ours = {
        p.relative_to(package).as_posix() for p in package.rglob("*") if p.suffix in shipped or p.name == "py.typed"
    }
    templates = {f"templates/{p.relative_to(ROOT / 'templates').as_posix()}" for p in ROOT.glob("templates/**/*.j2")}
    assert {f"wirelock/{name}" for name in ours | templates} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_works_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    """Dependencies are taken from this environment; wirelock itself must be the wheel's."""
    home = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    subprocess.run([home / "bin/pip", "install", "--quiet", "--no-deps", str(wheel)], check=True, capture_output=True)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", "utf-8")
    where = [home / "bin/python", "-c", "import wirelock; print(wirelock.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert found.startswith(str(site))
    for arguments in (["init", "demo"], ["check"], ["explain", "VIOLATION"]):
        folder = tmp_path if arguments[0] == "init" else tmp_path / "demo"
        ran = subprocess.run(
            [home / "bin/wirelock", *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
