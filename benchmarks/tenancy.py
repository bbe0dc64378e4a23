"""Cost of a tenant: switching to it, creating it, and the cost of hundreds of them.

`python -m benchmarks.tenancy [context|claim|onboarding|growth …]`; all sections by default. Migrations, moves
and the stock library have modules of their own: `benchmarks.migrating`, `.transferring`, `.stock`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.environment import compare, environment, report, sent_statements, spread

ONBOARDED, CLAIMED, SIZES, REQUESTS = 12, 40, (10, 100, 300), 120


def context() -> dict[str, Any]:
    """Statements per request: at most one beside those of the view. Stock django-tenants sends two before the view
    runs (`benchmarks.stock`)."""
    from django.test import Client

    client = Client()

    def statements(path: str) -> list[str]:
        client.get(path)  # warms the caches
        with sent_statements() as sent:
            client.get(path)
        return sent

    def seconds(path: str) -> Callable[[int], Any]:
        return lambda _: client.get(path)

    return {
        "a view without queries": statements("/t/bench/healthz"),
        "a view with one query, after another tenant's": _switched(),
        "a request of a tenant compared with one of the platform, CPU": compare(
            seconds("/t/bench/accounts/login/"), seconds("/accounts/login/"), rounds=5, count=20
        ),
        "target": "0 without queries, 1 merged statement otherwise",
    }


def _switched() -> list[str]:
    from apps.kernel.tenant import activate
    from apps.ledger.models import Account
    from apps.tenancy.models import Tenant

    with activate(None):
        Tenant.objects.first()
        tenant = Tenant.objects.get(slug="bench").info
    with sent_statements() as sent, activate(tenant):
        Account.objects.first()
    return sent


def claim() -> dict[str, Any]:
    """Claiming a pre-provisioned schema with its role, in its own transaction."""
    from django.db import transaction

    from apps.kernel.tenant import activate
    from apps.tenancy import tenant_schemas

    with activate(None):
        began = time.perf_counter()
        made = tenant_schemas.refill(CLAIMED)
        per_spare = (time.perf_counter() - began) / max(made, 1)
        took = []
        for _ in range(CLAIMED):
            began = time.perf_counter()
            with transaction.atomic():
                tenant_schemas.claim()
                took.append(time.perf_counter() - began)
                transaction.set_rollback(True)
    return {
        "claim": spread(took),
        "making a spare, in the background, s": round(per_spare, 3),
        "target": "≤ 10 ms median",
    }


def onboarding() -> dict[str, Any]:
    """From the command to an active tenant, and to its first response."""
    from django.test import Client

    from apps.bus import dispatch
    from apps.kernel.actors import System
    from apps.kernel.tenant import activate
    from apps.operations.commands import OnboardTenant
    from apps.tenancy import tenant_schemas

    took, first_responses = [], []
    with activate(None):
        tenant_schemas.refill(ONBOARDED + 1)
        for number in range(ONBOARDED + 1):
            slug = f"new-{number}"
            command = OnboardTenant(slug=slug, name=slug, owner_email=f"owner@{slug}.example")
            began = time.perf_counter()
            dispatch(command, actor=System("benchmark"))
            took.append(time.perf_counter() - began)
            if Client().get(f"/t/{slug}/accounts/login/").status_code != 200:
                raise RuntimeError(f"{slug} does not respond.")
            first_responses.append(time.perf_counter() - began)
    return {
        "onboarded": spread(took[1:]),
        "first page": spread(first_responses[1:]),
        "target": "≤ 300 ms; stock: 6 to 7 s of migrations",
    }


def growth() -> dict[str, Any]:
    """The cost of the same request with 10, 100 and 300 tenants in one database, alternating over ten tenants, so that
    the caches of one tenant do not dominate."""
    from django.db import transaction

    from apps.kernel.tenant import activate
    from apps.ledger.models import Account
    from apps.tenancy import tenant_schemas
    from apps.tenancy.models import Tenant

    def read(number: int) -> None:
        with activate(sample[number % len(sample)]):
            list(Account.objects.all()[:10])

    results: dict[str, Any] = {}
    for size in SIZES:
        with activate(None):
            for number in range(Tenant.objects.count(), size):
                with transaction.atomic():
                    claimed = tenant_schemas.claim()
                    _row(number, claimed)
            sample = [tenant.info for tenant in Tenant.objects.order_by("-id")[:10]]
        for number in range(len(sample) * 2):
            read(number)
        took = []
        for number in range(REQUESTS):
            began = time.perf_counter()
            read(number)
            took.append(time.perf_counter() - began)
        results[f"{size} tenants"] = spread(took)
    return {**results, "target": "flat from 10 to 300"}


def _row(number: int, claimed: Any) -> None:
    from apps.kernel.clock import now
    from apps.tenancy.models import Tenant

    Tenant.objects.create(
        id=claimed.id,
        schema_name=claimed.schema,
        role_name=claimed.role,
        fingerprint=claimed.fingerprint,
        slug=f"grown-{number}",
        name=f"Grown {number}",
        owner_email="o@grown.example",
        state="active",
        created_at=now(),
    )


SECTIONS = {"context": context, "claim": claim, "onboarding": onboarding, "growth": growth}


def main(wanted: list[str]) -> None:
    with environment():
        report({name: SECTIONS[name]() for name in wanted or SECTIONS})


if __name__ == "__main__":
    main(sys.argv[1:])
