"""`python -m benchmarks.stock`: tenant isolation of Bursar and of the stock library, on one server.

Eight threads read the rows of eight tenants and switch the tenant with every read: directly, from the threads of
coroutines, and through PgBouncer in transaction mode. Each tenant has one row with its own name; a read that returns
another name is wrong.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks.environment import ROOT, environment, report, sent_statements

TENANTS, READS = 8, 120


def bursar() -> dict[str, Any]:
    from django.db import connections, transaction

    from apps.bus import dispatch
    from apps.identity.models import User
    from apps.kernel.actors import System
    from apps.kernel.tenant import activate
    from apps.operations.commands import OnboardTenant
    from tests.support.people import accept_all
    from tests.support.pooler import pooling

    with activate(None):
        onboarded = [
            dispatch(
                OnboardTenant(slug=f"t-{n}", name=f"T {n}", owner_email=f"{n}@t.example"),
                actor=System("benchmark"),
            )
            for n in range(TENANTS)
        ]
    tenants = [tenant.info for tenant in onboarded]
    for tenant in tenants:
        with activate(tenant):
            accept_all()

    def read(number: int, *, pooled: bool = False) -> bool:
        with activate(tenants[number]):
            if pooled:
                with transaction.atomic():
                    return User.objects.get().email == f"{number}@t.example"
            return User.objects.get().email == f"{number}@t.example"

    results = {"threads": _in_threads(read), "coroutines": _in_coroutines(read)}
    known = connections.settings["default"]
    try:
        with pooling(known) as port:
            known |= {"PORT": str(port), "TENANCY": known["TENANCY"] | {"pooled": True}}
            connections.close_all()
            results["PgBouncer, transactions"] = _in_threads(lambda number: read(number, pooled=True))
    except LookupError as reason:
        results["PgBouncer, transactions"] = str(reason)
    return results


def stock_in_subprocess() -> dict[str, Any]:
    """A separate process, as it has other settings."""
    return json.loads(
        subprocess.run(
            [sys.executable, "-m", "benchmarks.stock", "stock"],
            cwd=ROOT,
            env=os.environ | {"STOCK_URL": os.environ["DATABASE_OWNER_URL"]},
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
    )


def stock() -> dict[str, Any]:
    _settings(os.environ["STOCK_URL"])
    import django

    django.setup()
    _make()
    from django.db import connection
    from django_tenants.utils import schema_context

    from benchmarks.stock.models import TenantName
    from tests.support.pooler import pooling

    def read(number: int) -> bool:
        with schema_context(f"stock_{number}"):
            return TenantName.objects.get().name == f"stock_{number}"

    results = {
        "statements before the view runs": _statements(),
        "threads": _in_threads(read),
        "coroutines": _in_coroutines_of_stock(read),
    }
    try:
        with pooling(connection.settings_dict) as port:
            from django.db import connections

            connections.close_all()
            connections.settings["default"]["PORT"] = str(port)
            results["PgBouncer, transactions"] = _in_threads(read)
    except LookupError as reason:
        results["PgBouncer, transactions"] = str(reason)
    return results


def _settings(url: str) -> None:
    from urllib.parse import unquote, urlsplit

    from django.conf import settings

    parts = urlsplit(url)
    settings.configure(
        SECRET_KEY="a benchmark",  # noqa: S106
        DATABASES={
            "default": {
                "ENGINE": "django_tenants.postgresql_backend",
                "NAME": parts.path.lstrip("/"),
                "USER": unquote(parts.username or ""),
                "PASSWORD": unquote(parts.password or ""),
                "HOST": parts.hostname,
                "PORT": str(parts.port),
                "DISABLE_SERVER_SIDE_CURSORS": True,
            }
        },
        DATABASE_ROUTERS=("django_tenants.routers.TenantSyncRouter",),
        SHARED_APPS=("django_tenants", "django.contrib.contenttypes", "benchmarks.stock"),
        TENANT_APPS=("benchmarks.stock",),
        INSTALLED_APPS=("django_tenants", "django.contrib.contenttypes", "benchmarks.stock"),
        TENANT_MODEL="stock.Client",
        TENANT_DOMAIN_MODEL="stock.Domain",
        MIDDLEWARE=("django_tenants.middleware.main.TenantMainMiddleware",),
        ROOT_URLCONF="benchmarks.stock.urls",
        ALLOWED_HOSTS=["*"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )


def _make() -> None:
    from django.db import connection

    from benchmarks.stock.models import Client, Domain, TenantName

    with connection.schema_editor() as editor:
        for model in (Client, Domain, TenantName):
            editor.create_model(model)
    with connection.cursor() as cursor:
        for number in range(TENANTS):
            name = f"stock_{number}"
            cursor.execute(f"CREATE SCHEMA {name}")
            cursor.execute(
                f"CREATE TABLE {name}.stock_tenantname (LIKE public.stock_tenantname INCLUDING ALL)"
            )
            cursor.execute(f"INSERT INTO {name}.stock_tenantname (id, name) VALUES (1, %s)", [name])  # noqa: S608 - constant names
            client = Client.objects.create(schema_name=name)
            Domain.objects.create(domain=f"stock-{number}.localhost", tenant=client, is_primary=True)
        cursor.execute("INSERT INTO public.stock_tenantname (id, name) VALUES (1, 'public')")


def _statements() -> int:
    from django.test import Client

    client = Client(headers={"host": "stock-0.localhost"})
    client.get("/nothing/")
    with sent_statements() as sent:
        client.get("/nothing/")
    return len(sent)


def _in_threads(read: Callable[[int], bool]) -> dict[str, int]:
    from django.db import connections

    outcomes: Counter[str] = Counter()

    def work(number: int) -> None:
        for offset in range(READS):
            outcomes[_outcome(read, (number + offset) % TENANTS)] += 1
        connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(TENANTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(outcomes)


def _in_coroutines(read: Callable[[int], bool]) -> dict[str, int]:
    """The tenant is set inside the coroutine; the query runs in another thread."""
    from asgiref.sync import sync_to_async

    async def read_one(number: int) -> str:
        return await sync_to_async(lambda: _outcome(read, number), thread_sensitive=False)()

    async def read_all() -> list[str]:
        return await asyncio.gather(*(read_one(number % TENANTS) for number in range(80)))

    return dict(Counter(asyncio.run(read_all())))


def _in_coroutines_of_stock(read: Callable[[int], bool]) -> dict[str, int]:
    """Like its middleware: the tenant is set on the connection of the coroutine, the query runs in another thread."""
    from asgiref.sync import sync_to_async
    from django.db import connection

    from benchmarks.stock.models import TenantName

    def query(number: int) -> str:
        return "right" if TenantName.objects.get().name == f"stock_{number}" else "WRONG"

    async def read_one(number: int) -> str:
        await sync_to_async(connection.set_schema)(f"stock_{number}")
        return await sync_to_async(query, thread_sensitive=False)(number)

    async def read_all() -> list[str]:
        return [await read_one(number % TENANTS) for number in range(80)]

    return dict(Counter(asyncio.run(read_all())))


def _outcome(read: Callable[[int], bool], number: int) -> str:
    try:
        return "right" if read(number) else "WRONG"
    except Exception as error:
        return type(error).__name__


def main(wanted: list[str]) -> None:
    if wanted == ["stock"]:
        sys.stdout.write(json.dumps(stock()))
        return
    with environment():
        report({"bursar": bursar(), "stock": stock_in_subprocess(), "target": "bursar: 0 wrong"})


if __name__ == "__main__":
    main(sys.argv[1:])
