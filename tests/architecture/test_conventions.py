"""Conventions beyond import layers: public modules of an app, and constructs with a single place in the code."""

import ast
import re

import grimp
import pytest

from tests.support.source_files import ROOT, sources

PUBLIC_MODULES = {"commands", "events", "queries", "errors", "models", "hooks", "rules", "guards"}
"""guards: operations for migrations of higher apps."""
PLATFORM = {"kernel", "bus", "events", "audit", "modules", "console", "settings", "sagas", "tenancy", "jobs"}
"""Apps that offer tools: all their modules are public."""


def test_apps_import_only_public_modules_of_other_apps():
    graph = grimp.build_graph("apps")

    violations = [
        f"{importer} -> {imported}"
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if is_violation(importer, imported)
    ]

    assert violations == []


def is_violation(importer, imported):
    _, importing_app, *_ = [*importer.split("."), ""]
    _, imported_app, *module = [*imported.split("."), ""]
    return importing_app != imported_app and imported_app not in PLATFORM and module[0] not in PUBLIC_MODULES


@pytest.mark.parametrize(
    ("imported", "expected"),
    [
        ("apps.ledger.handlers", True),
        ("apps.ledger.queries", False),
        ("apps.sales.rules", False),
        ("apps.bus.plain", False),
    ],
)
def test_an_import_of_a_private_module_is_a_violation(imported, expected):
    assert is_violation("apps.sales.handlers.orders", imported) == expected


def test_only_the_database_engine_sets_the_search_path():
    """SQL of migrations may name it."""
    files = [
        str(path.relative_to(ROOT))
        for path in sources()
        if "search_path" in path.read_text() and "migrations" not in path.parts
    ]

    assert files == ["apps/tenancy/backend/base.py"]


def test_only_declared_locks_take_advisory_locks():
    """SQL functions of migrations take their locks directly."""
    files = [
        str(path.relative_to(ROOT))
        for path in sources()
        if "_advisory_" in path.read_text() and "migrations" not in path.parts
    ]

    assert files == ["apps/kernel/db/locks.py"]


def test_only_one_module_creates_gauges():
    """The registry of public names finds gauges by their declaration."""
    files = [str(path.relative_to(ROOT)) for path in sources() if "GaugeMetricFamily(" in path.read_text()]

    assert files == ["apps/kernel/observability/metrics.py"]


def test_only_env_reads_the_environment():
    files = [
        str(path.relative_to(ROOT))
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr in ("environ", "getenv")
        and not is_setdefault(path, node)
    ]

    assert sorted(set(files)) == ["config/env/__init__.py", "config/env/parsing.py"]


def is_setdefault(path, node):
    """Entry points name the settings module, by Django's convention."""
    line = path.read_text().splitlines()[node.lineno - 1]
    return "DJANGO_SETTINGS_MODULE" in line


FLOATS = ("float", "FloatField")
BUSINESS = ("ledger", "periods", "companies", "inventory", "payments", "sales")


@pytest.mark.parametrize("app", BUSINESS)
def test_money_never_passes_through_a_float(app):
    texts = {path: path.read_text() for path in (ROOT / "apps" / app).rglob("*.py")}

    assert len(texts) > 5
    assert {str(path): lines for path, text in texts.items() if (lines := floats(text))} == {}


@pytest.mark.parametrize("text", ["x = 1.0", "x = float(y)", "models.FloatField()"])
def test_every_form_of_a_float_is_found(text):
    assert floats(text) == [1]


def floats(text):
    """Line numbers of floats."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id in FLOATS)
        or (isinstance(node, ast.Attribute) and node.attr in FLOATS)
    ]


def test_no_module_is_named_utils_or_helpers():
    vague_names = {"utils", "util", "helpers", "helper", "common", "misc"}

    assert [
        str(path) for path in sources() if path.stem in vague_names or path.parent.name in vague_names
    ] == []


def test_domain_code_uses_no_signals():
    files = [
        str(path.relative_to(ROOT))
        for path in sources()
        if "django.db.models.signals" in path.read_text() or "@receiver" in path.read_text()
    ]

    assert files == ["apps/tenancy/numbering.py"]


def test_the_readme_of_the_kernel_names_exactly_its_modules():
    """A package is named as a whole, or by its modules."""
    kernel = ROOT / "apps/kernel"
    text = (kernel / "README.md").read_text()
    whole = {name for name in re.findall(r"`(\w+)/`", text) if (kernel / name).is_dir()}

    modules = {
        path.name
        for path in kernel.rglob("*.py")
        if path.name != "__init__.py" and path.relative_to(kernel).parts[0] not in whole
    }

    assert {*re.findall(r"`(?:\w+/)?(\w+\.py)`", text)} == modules


PROCESSES = {"operations", "monitoring"}
"""Processes across apps, which may not import the rows of other apps, and name them in annotations."""


def test_only_processes_across_apps_import_another_app_for_annotations():
    """The import contracts leave out such imports."""
    violations = [
        f"{path.relative_to(ROOT)}: {imported}"
        for path in sources()
        for imported in imported_for_annotations(ast.parse(path.read_text()))
        if imported.startswith("apps.") and imported.split(".")[1] != path.relative_to(ROOT).parts[1]
        if path.relative_to(ROOT).parts[1] not in PROCESSES
    ]

    assert violations == []


def imported_for_annotations(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from (part.module or "" for part in node.body if isinstance(part, ast.ImportFrom))
