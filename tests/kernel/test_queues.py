"""The glue between queues and tenants, run by Celery's own machinery."""

import time

import pytest
from celery import current_app, shared_task

from apps.kernel.correlation import correlated, correlation_id
from apps.kernel.queues import (
    POLICIES,
    POOLS,
    AuditTask,
    BillingTask,
    DefaultTask,
    FinancialTask,
    LowTask,
    TaskTenantUnknown,
    TaskWithoutTenant,
    TenantTask,
)
from apps.kernel.tenant import activate, current_tenant
from apps.kernel.traceparent import parse


@shared_task(base=DefaultTask, name="tests.who_am_i")
def who_am_i():
    tenant = current_tenant()
    return tenant.slug if tenant else "platform", correlation_id()


def run(headers):
    return who_am_i.apply(headers=headers, throw=True).get()


def test_a_task_works_for_the_tenant_in_its_header(acme):
    assert run({"tenant": acme.id, "correlation_id": "request-1"}) == ("acme", "request-1")
    assert current_tenant() is None


def test_a_task_of_the_platform_says_so(database):
    assert run({"tenant": "public"})[0] == "platform"


def test_a_task_without_a_tenant_is_not_run(database):
    with pytest.raises(TaskWithoutTenant):
        run({})


def test_a_task_of_an_unknown_tenant_is_not_run(database):
    with pytest.raises(TaskTenantUnknown):
        run({"tenant": 999_999})


def test_the_sender_puts_its_context_into_the_header(acme):
    with activate(acme), correlated("request-2"):
        header = who_am_i.sender()

    assert (header["tenant"], header["correlation_id"]) == (acme.id, "request-2")
    assert parse(header["traceparent"])
    assert header["sent_at"] <= time.time()


def test_limits_and_retries_are_those_agreed():
    figures = {name: (each.retries, each.time_limit, each.wait_alarm) for name, each in POLICIES.items()}

    assert figures == {
        "financial": (2, 90, 30),
        "default": (3, 60, 60),
        "billing": (3, 90, 90),
        "audit": (3, 60, 120),
        "low": (3, 120, 120),
    }


@pytest.mark.parametrize("base", [FinancialTask, DefaultTask, BillingTask, AuditTask, LowTask])
def test_a_base_class_carries_its_queues_policy(base):
    policy = POLICIES[base.queue_name]

    assert (base.max_retries, base.time_limit) == (policy.retries, policy.time_limit)
    assert base.soft_time_limit < base.time_limit


def test_financial_work_shares_its_pool_with_nothing():
    assert POOLS["financial"] == ("financial",)
    assert sorted(queue for pool in POOLS.values() for queue in pool) == sorted(POLICIES)


def test_every_task_has_a_policy():
    current_app.loader.import_default_modules()
    ours = [task for name, task in current_app.tasks.items() if not name.startswith("celery.")]

    assert ours
    assert [task.name for task in ours if not isinstance(task, TenantTask)] == []


def test_the_broker_setting_hold_a_message_longer_than_any_task_may_run():
    options = current_app.conf.broker_transport_options

    assert options["visibility_timeout"] > max(each.time_limit for each in POLICIES.values())
    assert current_app.conf.task_acks_late
    assert current_app.conf.task_reject_on_worker_lost
    assert current_app.conf.worker_prefetch_multiplier == 1
