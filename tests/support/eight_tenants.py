"""Eight tenants with a row each, which says whose it is, and a count of right and wrong answers."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connections, transaction

from apps.bus import dispatch
from apps.kernel.tenant import TenantInfo, activate
from apps.preferences.models import Setting
from apps.tenancy import directory
from apps.tenancy.commands import CreateTenant
from apps.tenancy.models import Tenant

TENANTS = 8
KEY = "tests.whose"


@pytest.fixture
def eight(physical_copy, operator) -> list[TenantInfo]:
    """Each has a row that says whose it is, under the same number."""
    for name in ("hooli", "initech", "pied", "raviga", "umbrella", "vandelay"):
        dispatch(CreateTenant(slug=name, name=name, owner_email=f"o@{name}.example"), actor=operator)
    Tenant.objects.update(state=Tenant.State.ACTIVE)
    directory.changed()
    tenants = [each.info for each in Tenant.objects.order_by("pk")]
    for tenant in tenants:
        with activate(tenant), transaction.atomic():
            Setting.objects.create(key=KEY, value=tenant.slug)
    assert len(tenants) == TENANTS
    return tenants


class Ledger:
    """Who asked, and who was answered."""

    def __init__(self) -> None:
        self.right, self.wrong = 0, []
        self._lock = threading.Lock()

    def note(self, tenant: TenantInfo, answer: str) -> None:
        with self._lock:
            if answer == tenant.slug:
                self.right += 1
            else:
                self.wrong.append((tenant.slug, answer))


def whose() -> str:
    return Setting.objects.get(key=KEY).value


def in_threads(work: Callable[[int], None], count: int = TENANTS) -> None:
    failed = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
