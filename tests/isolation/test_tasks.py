"""Every task, sent for acme with ids of globex, and without a tenant."""

from __future__ import annotations

import inspect

import pytest
from celery import current_app

from apps.events.models import Delivery, OutboxEvent
from apps.kernel.queues.tenant_task import PLATFORM, TaskTenantUnknown, TaskWithoutTenant, TenantTask
from apps.kernel.tenant import activate, current_tenant
from tests.support.two_at_work import FIRST, SECRET


def tasks() -> list[TenantTask]:
    current_app.loader.import_default_modules()
    return [
        task
        for name, task in sorted(current_app.tasks.items())
        if isinstance(task, TenantTask) and not name.startswith("tests.")
    ]


def arguments(task: TenantTask, of_globex: list[int]) -> list[tuple[object, ...]]:
    """Ids of globex's deliveries and of its first rows."""
    parameters = inspect.signature(task.run).parameters
    return [tuple(pk for _ in parameters) for pk in (*of_globex[:3], FIRST)] if parameters else [()]


def test_the_registry_contains_the_tasks():
    assert len(tasks()) > 10


def test_no_task_reveals_another_tenant(untouched, acme, globex, caplog):
    with activate(None):
        deliveries = list(Delivery.objects.filter(tenant_id=globex.id).values_list("pk", flat=True))
    assert deliveries
    for task in tasks():
        if task.platform:
            continue
        for args in arguments(task, deliveries):
            task.apply(args=args, headers={"tenant": acme.id})

    assert SECRET not in caplog.text


def test_a_task_without_a_valid_tenant_is_not_run(at_work, monkeypatch):
    for task in tasks():
        ran = []
        monkeypatch.setattr(task, "run", lambda *_, ran=ran: ran.append(current_tenant()))
        for headers, error in (({}, TaskWithoutTenant), ({"tenant": 99_999}, TaskTenantUnknown)):
            response = task.apply(args=arguments(task, [])[0], headers={"tenant": None} | headers)
            assert error.__name__ in repr(response.result), (task.name, response.result)
        assert ran == [], task.name


def test_a_tenants_task_at_the_platform_sees_the_platform(at_work, monkeypatch):
    for task in tasks():
        seen = []
        monkeypatch.setattr(task, "run", lambda *_, seen=seen: seen.append(current_tenant()))
        task.apply(args=arguments(task, [])[0], headers={"tenant": PLATFORM})
        assert seen == [None], task.name


def test_events_of_another_tenant_are_not_visible(at_work, acme, globex):
    with activate(acme):
        assert not OutboxEvent.objects.filter(tenant_id=globex.id).exists()
        assert SECRET not in str(list(OutboxEvent.objects.values_list("payload", flat=True)))


@pytest.mark.parametrize("header", ["2; DROP", "globex", "-1", "9" * 30])
def test_a_malformed_tenant_header_is_refused(at_work, header):
    task = next(task for task in tasks() if not task.platform and not inspect.signature(task.run).parameters)

    assert isinstance(task.apply(headers={"tenant": header}).result, Exception)
