"""Shared test code is below tests/support: no test module or conftest imports from another one, and no fixture is
imported. Names of the product that tests and benchmarks import exist."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SHARED = "tests.support"
"""What every file below tests may import."""
PROGRAMS = {"tests.architecture", "tests.soak", "tests.upgrades"}
"""Each is a program that runs without pytest, too, with modules of its own."""


def imported(module: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of each import, relative ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.rsplit(".", node.level)[0] if node.level else ""
            source = ".".join(part for part in (package, node.module) if part)
            yield from ((node.lineno, f"{source}.{name.name}") for name in node.names)


def may_import(module: str, name: str) -> bool:
    own = {program for program in PROGRAMS if is_below(module, program) and not _is_of_tests(name)}
    return not is_below(name, "tests") or any(is_below(name, package) for package in {SHARED, *own})


def _is_of_tests(name: str) -> bool:
    return any(part.startswith("test_") or part == "conftest" for part in name.split("."))


def is_below(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def faults(path: str, source: str) -> list[str]:
    """The path begins with tests/."""
    module, tree, lines = path.removesuffix(".py").replace("/", "."), ast.parse(source), source.splitlines()
    foreign = [
        f"{path}:{line} imports {name}"
        for line, name in imported(module, tree)
        if not may_import(module, name)
    ]
    unseen = [
        f"{path}:{node.lineno} imports what it does not name, as a fixture is imported"
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any("F401" in line for line in lines[node.lineno - 1 : node.end_lineno])
    ]
    return foreign + unseen


def test_every_file_below_tests_imports_from_the_support_alone():
    paths = sorted(TESTS.rglob("*.py"))

    faults_found = [
        fault for path in paths for fault in faults(f"{path.relative_to(TESTS.parent)}", path.read_text())
    ]

    assert len(paths) > 200
    assert faults_found == []


def missing(module: str, source: str) -> list[str]:
    """Imports of names that no module of the product has. mypy does not see tests and benchmarks, and pytest does not
    collect the programs among them."""
    return [
        f"{module}:{line} imports {name}"
        for line, name in imported(module, ast.parse(source))
        if name.startswith(("apps.", "config.")) and not name.endswith(".*") and not exists(name)
    ]


def exists(name: str) -> bool:
    parent, _, attribute = name.rpartition(".")
    try:
        return hasattr(import_module(parent), attribute) or bool(import_module(name))
    except ImportError:
        return False


def test_every_import_of_the_product_names_an_existing_module_or_attribute():
    paths = [path for folder in (TESTS, TESTS.parent / "benchmarks") for path in folder.rglob("*.py")]

    assert [
        fault
        for path in paths
        for fault in missing(".".join(path.relative_to(TESTS.parent).with_suffix("").parts), path.read_text())
    ] == []


@pytest.mark.parametrize(
    ("line", "faults_expected"),
    [
        ("from config.up.terminal import write_line", 0),
        ("from apps.kernel import clock", 0),
        ("import apps.kernel.clock", 0),
        ("from config.up.terminal import say", 1),
        ("from apps.no_such_app import models", 1),
    ],
)
def test_an_import_of_a_removed_name_is_reported(line, faults_expected):
    assert len(missing("tests.soak.run", line)) == faults_expected


@pytest.mark.parametrize(
    "line",
    [
        "from tests.ledger.test_queries import total",
        "from tests.ledger.conftest import january",
        "from tests.ledger import test_queries",
        "from tests.soak.town import Town",
        "from tests.architecture.public_names import committed",
        "from .conftest import refused",
        "from . import test_queries",
        "import tests.ledger.test_queries",
        "def test_late():\n    from tests.ledger.test_queries import total",
        "from tests.support.processes import environment  # noqa: F401",
    ],
)
def test_an_import_from_another_test_module_is_refused(line):
    (fault,) = faults("tests/sales/test_orders.py", f"import re\n{line}\n")

    assert fault.startswith(f"tests/sales/test_orders.py:{2 + line.count(chr(10))} imports ")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tests/sales/test_orders.py", "from tests.support.shop import ordered"),
        ("tests/sales/test_orders.py", "from tests.support import settling"),
        ("tests/sales/test_orders.py", "from tests.support import pooler"),
        ("tests/sales/test_orders.py", "from testsuite import anything"),
        ("tests/soak/run.py", "from .town import Town"),
        ("tests/soak/test_soak.py", "from tests.soak.town import Town"),
        ("tests/architecture/test_public_names.py", "from . import public_names"),
    ],
)
def test_an_import_from_the_support_or_of_the_program_itself_is_allowed(path, line):
    assert faults(path, line) == []
