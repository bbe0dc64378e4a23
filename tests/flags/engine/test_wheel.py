"""The engine by itself: it imports nothing of the project, and its wheel passes the same tests."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from .under_test import engine

SOURCE = Path(engine.__file__).parent
INSTALLED = ("mmh3", "google-re2")
FOR_TESTS = ("pytest", "hypothesis")


def test_engine_imports_the_standard_library_and_its_two_dependencies():
    allowed = {*sys.stdlib_module_names, "mmh3", "re2"}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert {name.split(".")[0] for name in names} <= allowed, path


@pytest.mark.exhaustive("builds the wheel and an environment")
def test_wheel_passes_the_tests_of_the_engine(tmp_path):
    wheel = _built(tmp_path)
    python = _environment(tmp_path, wheel)
    shutil.copytree(
        Path(__file__).parent, tmp_path / "tests_of_engine", ignore=shutil.ignore_patterns("__pycache__")
    )

    pytest_of_it = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests_of_engine"]
    run = subprocess.run(
        [*pytest_of_it, "--deselect", f"tests_of_engine/{Path(__file__).name}"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "FLAG_ENGINE": "bursar_flags"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-3_000:] + run.stderr[-3_000:]
    assert " passed" in run.stdout


def _built(tmp_path: Path) -> Path:
    """From a copy, since the build leaves files beside the source."""
    source = tmp_path / "source"
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("__pycache__"))
    _uv("build", "--wheel", str(source), "--out-dir", str(tmp_path))
    (wheel,) = tmp_path.glob("bursar_flags-*.whl")
    in_wheel = {name.removeprefix("bursar_flags/") for name in zipfile.ZipFile(wheel).namelist()}
    assert {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py")} <= in_wheel
    return wheel


def _environment(tmp_path: Path, wheel: Path) -> Path:
    """An empty environment with the wheel, its dependencies in the versions of this project, and what runs tests."""
    folder = tmp_path / "environment"
    python = folder / "bin" / "python"
    _uv("venv", str(folder), "--python", sys.executable)
    pinned = [f"{name}=={version(name)}" for name in (*INSTALLED, *FOR_TESTS)]
    _uv("pip", "install", "--python", str(python), str(wheel), *pinned)
    return python


def _uv(*arguments: str) -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("uv"), *arguments], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
