"""Eight tenants, each with a row that contains its slug, and a counter of correct and wrong reads."""

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
KEY = "tests.slug"


@pytest.fixture(scope="session")
def eight_tenants(template_where: Callable[..., str]) -> str:
    """The name of a template in which all eight exist. A module that uses `eight` overrides `template` with it."""
    return template_where("eight_tenants", _create)


@pytest.fixture
def eight(db: None) -> list[TenantInfo]:
    tenants = [tenant.info for tenant in Tenant.objects.order_by("pk")]
    assert len(tenants) == TENANTS
    return tenants


def _create() -> None:
    """Each has a row with its slug, under the same id."""
    operator = User.objects.get(email="operator@bursar.example")
    for name in ("hooli", "initech", "pied", "raviga", "umbrella", "vandelay"):
        dispatch(CreateTenant(slug=name, name=name, owner_email=f"o@{name}.example"), actor=operator)
    Tenant.objects.update(state=Tenant.State.ACTIVE)
    directory.changed()
    for tenant in Tenant.objects.all():
        with activate(tenant.info), transaction.atomic():
            Setting.objects.create(key=KEY, value=tenant.slug)


class ReadCounter:
    """Counts reads by whether they returned the reading tenant's own slug."""

    def __init__(self) -> None:
        self.correct = 0
        self.wrong: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def count(self, tenant: TenantInfo, slug: str) -> None:
        with self._lock:
            if slug == tenant.slug:
                self.correct += 1
            else:
                self.wrong.append((tenant.slug, slug))


def read_slug() -> str:
    return str(Setting.objects.get(key=KEY).value)


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
