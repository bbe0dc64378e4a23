"""Eight tenants with a row each, which says whose it is, and a count of right and wrong answers."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connections, transaction

from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.tenant import TenantInfo, activate
from apps.settings.models import Setting
from apps.tenancy import directory
from apps.tenancy.commands import CreateTenant
from apps.tenancy.models import Tenant

TENANTS = 8
KEY = "tests.whose"


@pytest.fixture(scope="session")
def eight_tenants(template_where: Callable[..., str]) -> str:
    """The name of a template in which all eight exist. A module that uses `eight` has its `template` be that."""
    return template_where("eight_tenants", _create)


@pytest.fixture
def eight(db: None) -> list[TenantInfo]:
    tenants = [tenant.info for tenant in Tenant.objects.order_by("pk")]
    assert len(tenants) == TENANTS
    return tenants


def _create() -> None:
    """Each has a row that says whose it is, under the same number."""
    operator = User.objects.get(email="operator@bursar.example")
    for name in ("hooli", "initech", "pied", "raviga", "umbrella", "vandelay"):
        dispatch(CreateTenant(slug=name, name=name, owner_email=f"o@{name}.example"), actor=operator)
    Tenant.objects.update(state=Tenant.State.ACTIVE)
    directory.changed()
    for tenant in Tenant.objects.all():
        with activate(tenant.info), transaction.atomic():
            Setting.objects.create(key=KEY, value=tenant.slug)


class Ledger:
    """Who asked, and who was answered."""

    def __init__(self) -> None:
        self.right, self.wrong = 0, []
        self._lock = threading.Lock()

    def note(self, tenant: TenantInfo, response: str) -> None:
        with self._lock:
            if response == tenant.slug:
                self.right += 1
            else:
                self.wrong.append((tenant.slug, response))


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
