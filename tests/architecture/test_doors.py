"""An app is entered through its front doors, whatever floor one comes from."""

import ast

import grimp
import pytest

from tests.support.source_files import ROOT, sources

FRONT_DOORS = {"commands", "events", "queries", "errors", "models", "hooks", "rules"}
PLATFORM = {"kernel", "bus", "events", "audit", "modules", "console", "settings", "sagas", "tenancy"}
"""Floors that offer tools, of which the whole app is the door."""


def test_apps_enter_each_other_by_the_front_door():
    graph = grimp.build_graph("apps")

    trespasses = [
        f"{importer} -> {imported}"
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if trespass(importer, imported)
    ]

    assert trespasses == []


def trespass(importer, imported):
    _, home, *_ = [*importer.split("."), ""]
    _, host, *room = [*imported.split("."), ""]
    return home != host and host not in PLATFORM and room[0] not in FRONT_DOORS


@pytest.mark.parametrize(
    ("imported", "is_one"),
    [
        ("apps.ledger.handlers", True),
        ("apps.ledger.queries", False),
        ("apps.sales.rules", False),
        ("apps.bus.plain", False),
    ],
)
def test_a_trespass_is_an_import_past_the_front_door(imported, is_one):
    assert trespass("apps.sales.handlers.orders", imported) == is_one


def test_no_schema_is_named_but_by_activate():
    """`search_path` is set in the engine alone (and is named in migrations' SQL)."""
    naming = [
        str(path.relative_to(ROOT))
        for path in sources()
        if "search_path" in path.read_text() and "migrations" not in path.parts
    ]

    assert naming == ["apps/tenancy/backend/base.py"]


def test_advisory_locks_are_taken_by_declared_locks_alone():
    """What SQL functions of migrations lock, they must lock by themselves."""
    takers = [
        str(path.relative_to(ROOT))
        for path in sources()
        if "_advisory_" in path.read_text() and "migrations" not in path.parts
    ]

    assert takers == ["apps/kernel/locks.py"]


def test_metrics_are_declared_in_one_place():
    """The registry of public names finds gauges by their declaration, so no other code may make one."""
    makers = [str(path.relative_to(ROOT)) for path in sources() if "GaugeMetricFamily(" in path.read_text()]

    assert makers == ["apps/kernel/metrics.py"]


def test_only_env_reads_the_environment():
    readers = [
        str(path.relative_to(ROOT))
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr in ("environ", "getenv")
        and not is_setdefault(path, node)
    ]

    assert sorted(set(readers)) == ["config/env.py"]


def is_setdefault(path, node):
    """Naming the settings module is Django's convention for its entry points."""
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
def test_a_float_is_found_however_it_is_written(text):
    assert floats(text) == [1]


def floats(text):
    """The lines in which there is one."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id in FLOATS)
        or (isinstance(node, ast.Attribute) and node.attr in FLOATS)
    ]


def test_there_are_no_drawers():
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}

    assert [str(path) for path in sources() if path.stem in drawers or path.parent.name in drawers] == []


def test_domain_code_uses_no_signals():
    users = [
        str(path.relative_to(ROOT))
        for path in sources()
        if "django.db.models.signals" in path.read_text() or "@receiver" in path.read_text()
    ]

    assert users == ["apps/tenancy/numbering.py"]
