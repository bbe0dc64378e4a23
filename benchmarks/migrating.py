"""One new migration for hundreds of tenants, compared with `migrate_schemas` of the stock library; and a run without
pending migrations.

`python -m benchmarks.migrating [TENANTS]`. The stock library migrates a sample, and its total is extrapolated. It runs
in a separate process with its own engine, router and executor, on the same schemas.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.environment import ROOT, environment, report

TENANTS, SAMPLE = 200, 6

_PAGE = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("ledger", "{behind}")]
    operations = [
        migrations.AddField("account", "{column}", models.SmallIntegerField(default=0)),
        migrations.AddField("historicalaccount", "{column}", models.SmallIntegerField(default=0)),
    ]
"""


def migrating(count: int = TENANTS) -> dict[str, Any]:
    """Adds a column with a default to a model and its history."""
    from apps.schema_migrations.options import MigrationOptions
    from apps.schema_migrations.running import migrate_tenants
    from apps.tenancy import provisioning

    schemas = _tenants(count)
    with _ledger_migrations() as add:
        add("first")
        stock = _stock(schemas[:SAMPLE])
        provisioning.migrate_template(_silently)
        began = time.perf_counter()
        first = migrate_tenants(MigrationOptions(workers=1))
        one = (time.perf_counter() - began) / len(first.migrated)
        add("second")
        provisioning.migrate_template(_silently)
        began = time.perf_counter()
        second = migrate_tenants(MigrationOptions(workers=2))
        two = (time.perf_counter() - began) / len(second.migrated)
        if first.failed or second.failed:
            raise RuntimeError("Some tenants were not migrated.")
        idle = _nothing_to_do()
    per_tenant = stock["migrating_s"] / SAMPLE
    return {
        "tenants": count,
        "bursar, ms per tenant, one worker": _ms(one),
        "bursar, ms per tenant, two workers": _ms(two),
        "bursar, all tenants, s": round(two * count, 2),
        "stock, ms per tenant": _ms(per_tenant),
        f"stock, all tenants, s, from a sample of {SAMPLE}": round(per_tenant * count, 1),
        "times faster": round(per_tenant / min(one, two)),
        "no pending migrations": idle | {"stock, ms per tenant": _ms(stock["nothing_to_do_s"] / SAMPLE)},
        "target": "≥ 50 times faster; ≤ 1 ms per tenant without pending migrations",
    }


def _nothing_to_do() -> dict[str, Any]:
    from apps.schema_migrations.discovery import discover
    from apps.schema_migrations.running import migrate_tenants

    began = time.perf_counter()
    discover()
    discovered = time.perf_counter()
    up_to_date = migrate_tenants().up_to_date
    done = time.perf_counter()
    return {
        "discovery, ms per tenant": _ms((discovered - began) / up_to_date),
        "the whole command, ms per tenant": _ms((done - discovered) / up_to_date),
        "schemas": up_to_date,
    }


def _tenants(count: int) -> list[str]:
    """Tenants with a schema and a row only. Returns their schemas."""
    from django.db import transaction

    from apps.kernel.clock import now
    from apps.tenancy import tenant_schemas
    from apps.tenancy.models import Tenant

    for number in range(Tenant.objects.count(), count):
        with transaction.atomic():
            claimed = tenant_schemas.claim()
            Tenant.objects.create(
                id=claimed.id,
                slug=f"tenant-{number}",
                name=f"Tenant {number}",
                owner_email="owner@bench.example",
                schema_name=claimed.schema,
                role_name=claimed.role,
                fingerprint=claimed.fingerprint,
                state=Tenant.State.ACTIVE,
                created_at=now(),
            )
    return list(Tenant.objects.order_by("-id").values_list("schema_name", flat=True))


@contextmanager
def _ledger_migrations() -> Iterator[Any]:
    """`add(column)` appends a migration to those of the ledger, for this process and its subprocesses."""
    from django.conf import settings

    from apps.ledger import migrations as real

    own = Path(real.__file__).parent
    behind = [max(path.stem for path in own.glob("0*.py"))]
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, "ledger_of_tomorrow")
        package.mkdir()
        package.joinpath("__init__.py").write_text(f"__path__ = {[str(own), str(package)]!r}\n")
        sys.path.insert(0, folder)
        settings.MIGRATION_MODULES = {"ledger": package.name}

        def add(column: str) -> None:
            name = f"{9000 + len(behind)}_{column}"
            package.joinpath(f"{name}.py").write_text(_PAGE.format(behind=behind[-1], column=column))
            behind.append(name)
            sys.modules.pop(package.name, None)

        yield add
        sys.path.remove(folder)


def _stock(schemas: list[str]) -> dict[str, float]:
    """Seconds for all schemas: with the migration, and in a second run."""
    from django.db import connections

    known = connections["owner"].settings_dict
    database = {key: known[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    task = json.dumps({"database": database, "schemas": schemas, "path": sys.path[0]})
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.migrating", "--stock"],
        cwd=ROOT,
        input=task,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds: dict[str, float] = json.loads(process.stdout.splitlines()[-1])
    return seconds


def _as_stock() -> None:
    """Runs in the process of the stock library."""
    task = json.load(sys.stdin)
    sys.path.insert(0, task["path"])
    from django.conf import settings

    settings.DATABASES = {"default": task["database"] | {"ENGINE": "django_tenants.postgresql_backend"}}
    settings.DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
    settings.TENANT_SYNC_ROUTER = settings.DATABASE_ROUTERS[0]
    settings.MIGRATION_MODULES = {"ledger": "ledger_of_tomorrow"}
    import django

    django.setup()
    from django_tenants.migration_executors.standard import StandardExecutor

    options = dict.fromkeys(
        ("app_label", "migration_name", "fake", "fake_initial", "plan", "prune", "run_syncdb", "traceback"),
        None,
    ) | {
        "database": "default",
        "interactive": False,
        "verbosity": 0,
        "check_unapplied": False,
        "skip_checks": True,
        "no_color": True,
        "force_color": False,
        "stdout": None,
        "stderr": None,
    }
    took = []
    for _ in range(2):
        began = time.perf_counter()
        StandardExecutor([], dict(options)).run_migrations(list(task["schemas"]))
        took.append(time.perf_counter() - began)
    sys.stdout.write("\n" + json.dumps({"migrating_s": took[0], "nothing_to_do_s": took[1]}) + "\n")


def _silently(_: str) -> None:
    """Discards progress messages."""


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def main(count: int) -> None:
    with environment():
        report({"migrating": migrating(count)})


if __name__ == "__main__":
    if sys.argv[1:] == ["--stock"]:
        _as_stock()
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else TENANTS)
