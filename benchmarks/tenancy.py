"""Tenants: reaching one, making one, and what hundreds of them cost.

`python -m benchmarks.tenancy [context|claim|onboarding|growth …]`; all of them without a name. Migrating, moving and
the stock library beside ours have pages of their own: `benchmarks.migrating`, `.transferring`, `.stock`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.standing import beside, house, say, sent_statements, spread

ONBOARDED, CLAIMED, SIZES, REQUESTS = 12, 40, (10, 100, 300), 120


def context() -> dict[str, Any]:
    """Statements that reach the server for one request: beside the view's own there is at most one. Stock
    django-tenants sends two before the view asks anything (`benchmarks.stock`)."""
    from django.test import Client

    client = Client()

    def statements(path: str) -> list[str]:
        client.get(path)  # caches are warm, as they are from the second request on
        with sent_statements() as sent:
            client.get(path)
        return sent

    def seconds(path: str) -> Callable[[int], Any]:
        return lambda _: client.get(path)

    return {
        "a view that asks nothing": statements("/t/bench/healthz"),
        "a view that asks once, after another tenant's": _switched(),
        "a request of a tenant beside one of the platform, CPU": beside(
            seconds("/t/bench/accounts/login/"), seconds("/accounts/login/"), rounds=5, count=20
        ),
        "target": "0 when the view asks nothing, 1 merged statement otherwise",
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
    """A schema with its role, from the spares, in a transaction of its own."""
    from django.db import transaction

    from apps.kernel.tenant import activate
    from apps.tenancy import provisioning

    with activate(None):
        began = time.perf_counter()
        made = provisioning.refill(CLAIMED)
        each = (time.perf_counter() - began) / max(made, 1)
        took = []
        for _ in range(CLAIMED):
            began = time.perf_counter()
            with transaction.atomic():
                provisioning.claim()
                took.append(time.perf_counter() - began)
                transaction.set_rollback(True)
    return {
        "claim": spread(took),
        "making a spare, in the background, s": round(each, 3),
        "target": "≤ 10 ms median",
    }


def onboarding() -> dict[str, Any]:
    """From the command to a tenant that is active, and to its first answer."""
    from django.test import Client

    from apps.bus import dispatch
    from apps.kernel.actors import System
    from apps.kernel.tenant import activate
    from apps.operations.commands import OnboardTenant
    from apps.tenancy import provisioning

    took, answered = [], []
    with activate(None):
        provisioning.refill(ONBOARDED + 1)
        for number in range(ONBOARDED + 1):
            slug = f"new-{number}"
            command = OnboardTenant(slug=slug, name=slug, owner_email=f"owner@{slug}.example")
            began = time.perf_counter()
            dispatch(command, actor=System("benchmark"))
            took.append(time.perf_counter() - began)
            if Client().get(f"/t/{slug}/accounts/login/").status_code != 200:
                raise RuntimeError(f"{slug} does not answer.")
            answered.append(time.perf_counter() - began)
    return {
        "onboarded": spread(took[1:]),
        "and its first page": spread(answered[1:]),
        "target": "≤ 300 ms; stock: 6 to 7 s of migrations",
    }


def growth() -> dict[str, Any]:
    """The cost of the same request with 10, 100 and 300 tenants in one database: in turn over ten of them, so that
    nothing is measured of one tenant's warm caches alone."""
    from django.db import transaction

    from apps.kernel.tenant import activate
    from apps.ledger.models import Account
    from apps.tenancy import provisioning
    from apps.tenancy.models import Tenant

    def ask(number: int) -> None:
        with activate(here[number % len(here)]):
            list(Account.objects.all()[:10])

    found: dict[str, Any] = {}
    for size in SIZES:
        with activate(None):
            for number in range(Tenant.objects.count(), size):
                with transaction.atomic():
                    claimed = provisioning.claim()
                    _row(number, claimed)
            here = [tenant.info for tenant in Tenant.objects.order_by("-id")[:10]]
        for number in range(len(here) * 2):
            ask(number)
        took = []
        for number in range(REQUESTS):
            began = time.perf_counter()
            ask(number)
            took.append(time.perf_counter() - began)
        found[f"{size} tenants"] = spread(took)
    return {**found, "target": "flat from 10 to 300"}


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
    with house():
        say({name: SECTIONS[name]() for name in wanted or SECTIONS})


if __name__ == "__main__":
    main(sys.argv[1:])
