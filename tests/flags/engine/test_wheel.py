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

from tests.support.flag_engine import engine
from tests.support.source_files import ROOT

SOURCE = Path(engine.__file__).parent
INSTALLED = ("mmh3", "google-re2")
FOR_TESTS = ("pytest", "hypothesis")
OF_TESTS = (
    *("tests/__init__.py", "tests/flags/__init__.py", "tests/flags/engine"),
    *("tests/support/__init__.py", "tests/support/flag_engine.py", "tests/support/flag_documents.py"),
)


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
    _copy_tests(tmp_path)

    pytest_of_it = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/flags/engine"]
    run = subprocess.run(
        [*pytest_of_it, "--ignore", f"tests/flags/engine/{Path(__file__).name}"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "FLAG_ENGINE": "bursar_flags"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-3_000:] + run.stderr[-3_000:]
    assert " passed" in run.stdout


def _copy_tests(tmp_path: Path) -> None:
    """The tests of the engine, and of the shared test code only what they import."""
    for name in OF_TESTS:
        of_project, copy = ROOT / name, tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if of_project.is_dir():
            shutil.copytree(of_project, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(of_project, copy)


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
