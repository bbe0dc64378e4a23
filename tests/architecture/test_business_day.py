"""Apps above settings take a day from the clock through `business_day()`: UTC's day may be in another month or year."""

import ast
import tomllib

import pytest

from tests.support.source_files import ROOT, sources

PLATFORM_DAYS = {
    "apps/flags/admin/sections.py": "evaluations are counted per day of the platform",
    "apps/flags/engine/moments.py": "a day in a condition is in UTC; the wheel knows no tenant and no settings",
    "apps/flags/policies.py": "flags are of the platform, and expire on its day",
    "apps/flags/store/providers/file.py": "a file of flags is of the platform",
    "apps/operations/counting.py": "usage of tenants is counted per day of the platform",
    "apps/operations/handlers/onboard_tenant.py": "a tenant that is being made has no time zone yet",
    "apps/operations/queries.py": "cold storage of the audit log is due on a day of the platform",
    "apps/operations/rules.py": "the retention of a tenant ends on a day of the platform",
    "apps/operations/running.py": "erasures are due on a day of the platform",
    "apps/operations/sagas/erasure.py": "the database compares the day of an erasure with its own, in UTC",
    "apps/operations/sagas/onboarding.py": "a tenant that is being made has no time zone yet",
    "apps/operations/trials.py": "trials end on a day of the platform",
    "apps/monitoring/admin/audit_export.py": "days of a filter, in the time zone of the page",
    "apps/monitoring/admin/audit_retention.py": "the audit log of the platform, by its instants",
    "apps/settings/business_day.py": "defines it",
}
"""Files that may use the day in UTC, with the reason."""
UTC_DAYS = {"today", "localdate", "utcnow", "fromtimestamp"}


def layers_from_settings_up():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract.get("exhaustive"))["layers"]
    above = layers[: layers.index("settings") + 1]
    return {app.strip() for layer in above for app in layer.split("|")}


def uses_of_utc_days(source):
    """Names that give a day in UTC: imported, read as an attribute, or `.date()` of an instant."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(names=names) if node.module in ("apps.kernel.clock", "django.utils.timezone"):
                yield from (alias.name for alias in names if alias.name in UTC_DAYS)
            case ast.Attribute(attr=attr) if attr in UTC_DAYS:
                yield attr
            case ast.Call(func=ast.Attribute(attr="date"), args=[], keywords=[]):
                yield "date()"


def test_apps_above_settings_read_the_day_from_the_tenants_time_zone():
    apps = layers_from_settings_up()
    using = {
        path.relative_to(ROOT).as_posix()
        for path in sources()
        if path.relative_to(ROOT).parts[0] == "apps"
        and path.relative_to(ROOT).parts[1] in apps
        and "migrations" not in path.parts
        and [*uses_of_utc_days(path.read_text())]
    }

    assert {"payments", "ledger", "settings"} <= apps
    assert using == PLATFORM_DAYS.keys()


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("from apps.kernel.clock import now, today", ["today"]),
        ("from apps.kernel import clock\nday = clock.today()", ["today"]),
        ("day = now().date()", ["date()"]),
        ("import datetime as dt\nday = dt.date.today()", ["today"]),
        ("import datetime as dt\nday = dt.date(2027, 1, 1)", []),
        ("from apps.kernel.clock import now", []),
    ],
)
def test_a_use_of_the_day_in_utc_is_recognised(source, uses):
    assert [*uses_of_utc_days(source)] == uses
