"""`python -m benchmarks.stock`: ours and the stock library in one run, on one server.

Eight tenants, each with one row that says whose it is, are read by eight threads that change tenant with every read:
directly, from coroutines' threads, and through PgBouncer in transaction mode. One that brings another's row is wrong.
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

from benchmarks.standing import ROOT, house, say, sent_statements

TENANTS, READS = 8, 120


def ours() -> dict[str, Any]:
    from django.db import connections, transaction

    from apps.bus import dispatch
    from apps.identity.models import User
    from apps.kernel.actors import System
    from apps.kernel.tenant import activate
    from apps.operations.commands import OnboardTenant
    from tests.support.pooler import pooling

    with activate(None):
        made = [
            dispatch(
                OnboardTenant(slug=f"t-{n}", name=f"T {n}", owner_email=f"{n}@t.example"),
                actor=System("benchmark"),
            )
            for n in range(TENANTS)
        ]
    tenants = [each.info for each in made]

    def read(number: int, *, pooled: bool = False) -> bool:
        with activate(tenants[number]):
            if pooled:
                with transaction.atomic():
                    return User.objects.get().email == f"{number}@t.example"
            return User.objects.get().email == f"{number}@t.example"

    found = {"threads": _in_threads(read), "coroutines": _in_coroutines(read)}
    known = connections.settings["default"]
    try:
        with pooling(known) as port:
            known |= {"PORT": str(port), "TENANCY": known["TENANCY"] | {"pooled": True}}
            connections.close_all()
            found["PgBouncer, transactions"] = _in_threads(lambda number: read(number, pooled=True))
    except LookupError as reason:
        found["PgBouncer, transactions"] = str(reason)
    return found


def theirs() -> dict[str, Any]:
    """In a process of its own, since its settings are others."""
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

    from benchmarks.stock.models import Whose
    from tests.support.pooler import pooling

    def read(number: int) -> bool:
        with schema_context(f"stock_{number}"):
            return Whose.objects.get().name == f"stock_{number}"

    found = {
        "statements before the view asks": _statements(),
        "threads": _in_threads(read),
        "coroutines": _in_coroutines_of_stock(read),
    }
    try:
        with pooling(connection.settings_dict) as port:
            from django.db import connections

            connections.close_all()
            connections.settings["default"]["PORT"] = str(port)
            found["PgBouncer, transactions"] = _in_threads(read)
    except LookupError as reason:
        found["PgBouncer, transactions"] = str(reason)
    return found


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

    from benchmarks.stock.models import Client, Domain, Whose

    with connection.schema_editor() as editor:
        for model in (Client, Domain, Whose):
            editor.create_model(model)
    with connection.cursor() as cursor:
        for number in range(TENANTS):
            name = f"stock_{number}"
            cursor.execute(f"CREATE SCHEMA {name}")
            cursor.execute(f"CREATE TABLE {name}.stock_whose (LIKE public.stock_whose INCLUDING ALL)")
            cursor.execute(f"INSERT INTO {name}.stock_whose (id, name) VALUES (1, %s)", [name])  # noqa: S608 - ours
            client = Client.objects.create(schema_name=name)
            Domain.objects.create(domain=f"stock-{number}.localhost", tenant=client, is_primary=True)
        cursor.execute("INSERT INTO public.stock_whose (id, name) VALUES (1, 'public')")


def _statements() -> int:
    from django.test import Client

    client = Client(headers={"host": "stock-0.localhost"})
    client.get("/nothing/")
    with sent_statements() as sent:
        client.get("/nothing/")
    return len(sent)


def _in_threads(read: Callable[[int], bool]) -> dict[str, int]:
    from django.db import connections

    told: Counter[str] = Counter()

    def work(number: int) -> None:
        for turn in range(READS):
            told[_how(read, (number + turn) % TENANTS)] += 1
        connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(TENANTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(told)


def _in_coroutines(read: Callable[[int], bool]) -> dict[str, int]:
    """The tenant is chosen inside the coroutine, and read in whatever thread it is given."""
    from asgiref.sync import sync_to_async

    async def ask(number: int) -> str:
        return await sync_to_async(lambda: _how(read, number), thread_sensitive=False)()

    async def ask_all() -> list[str]:
        return await asyncio.gather(*(ask(number % TENANTS) for number in range(80)))

    return dict(Counter(asyncio.run(ask_all())))


def _in_coroutines_of_stock(read: Callable[[int], bool]) -> dict[str, int]:
    """As its middleware does: the tenant is set on the coroutine's connection, the query runs in another thread."""
    from asgiref.sync import sync_to_async
    from django.db import connection

    from benchmarks.stock.models import Whose

    def query(number: int) -> str:
        return "right" if Whose.objects.get().name == f"stock_{number}" else "WRONG"

    async def ask(number: int) -> str:
        await sync_to_async(connection.set_schema)(f"stock_{number}")
        return await sync_to_async(query, thread_sensitive=False)(number)

    async def ask_all() -> list[str]:
        return [await ask(number % TENANTS) for number in range(80)]

    return dict(Counter(asyncio.run(ask_all())))


def _how(read: Callable[[int], bool], number: int) -> str:
    try:
        return "right" if read(number) else "WRONG"
    except Exception as error:
        return type(error).__name__


def main(wanted: list[str]) -> None:
    if wanted == ["stock"]:
        sys.stdout.write(json.dumps(stock()))
        return
    with house():
        say({"ours": ours(), "stock": theirs(), "target": "ours: 0 wrong"})


if __name__ == "__main__":
    main(sys.argv[1:])
