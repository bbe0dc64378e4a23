"""Tasks run for the tenant in their header, under the policy of their queue."""

import datetime as dt
import importlib
from dataclasses import FrozenInstanceError

import pytest
import redis
from celery import current_app, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError

from apps.kernel import clock
from apps.kernel.correlation import correlated, correlation_id
from apps.kernel.observability.traceparent import parse
from apps.kernel.queues.policies import POLICIES, POOLS, PaymentsWouldWait, must_not_hold_up_payments
from apps.kernel.queues.tasks import (
    AnyQueueTask,
    AuditTask,
    BillingTask,
    DefaultTask,
    LowTask,
    route,
)
from apps.kernel.queues.tenant_task import (
    MAX_WAIT_S,
    TRANSIENT,
    TaskTenantUnknown,
    TaskWaitsTooLong,
    TaskWithoutTenant,
    TenantTask,
)
from apps.kernel.tenant import activate, current_tenant
from config.env import env
from config.settings import _celery


@shared_task(base=DefaultTask, name="tests.current_context")
def current_context():
    tenant = current_tenant()
    return tenant.slug if tenant else "platform", correlation_id()


def run(headers):
    return current_context.apply(headers=headers, throw=True).get()


def test_a_task_works_for_the_tenant_in_its_header(acme):
    assert run({"tenant": acme.id, "correlation_id": "request-1"}) == ("acme", "request-1")
    assert current_tenant() is None


def test_a_task_of_the_platform_runs_without_a_tenant(db):
    assert run({"tenant": "public"})[0] == "platform"


def test_a_task_without_a_tenant_is_not_run(db):
    with pytest.raises(TaskWithoutTenant):
        run({})


def test_a_task_of_an_unknown_tenant_is_not_run(db):
    with pytest.raises(TaskTenantUnknown):
        run({"tenant": 999_999})


def test_the_context_of_the_sender_is_in_the_header(acme):
    with activate(acme), correlated("request-2"):
        header = current_context.sender()

    assert (header["tenant"], header["correlation_id"]) == (acme.id, "request-2")
    assert parse(header["traceparent"])


def test_each_queue_has_its_retries_with_limits():
    figures = {
        name: (policy.retries, policy.time_limit, policy.wait_alert) for name, policy in POLICIES.items()
    }

    assert figures == {
        "financial": (2, 90, 30),
        "default": (3, 60, 60),
        "billing": (3, 90, 90),
        "audit": (3, 60, 120),
        "low": (3, 120, 120),
    }


@pytest.mark.parametrize("base", [DefaultTask, BillingTask, AuditTask, LowTask])
def test_a_base_class_carries_its_queues_policy(base):
    policy = POLICIES[base.queue_name]

    assert (base.max_retries, base.time_limit) == (policy.retries, policy.time_limit)
    assert base.soft_time_limit < base.time_limit


def test_financial_work_shares_its_pool_with_nothing():
    assert POOLS["financial"] == ("financial",)
    assert sorted(queue for pool in POOLS.values() for queue in pool) == sorted(POLICIES)


@pytest.mark.parametrize("taken", POOLS.values())
def test_each_pool_is_one_that_a_worker_may_take(taken):
    must_not_hold_up_payments(taken)


@pytest.mark.parametrize("lower", [policy for policy in POLICIES if policy != "financial"])
def test_no_lower_queue_is_taken_with_payments(lower):
    with pytest.raises(PaymentsWouldWait):
        must_not_hold_up_payments(["financial", lower])


def test_the_policies_of_the_queues_are_immutable():
    with pytest.raises(TypeError):
        POLICIES["default"] = POLICIES["low"]
    with pytest.raises(FrozenInstanceError):
        POLICIES["default"].retries = 9
    with pytest.raises(TypeError):
        POOLS["financial"] = ("financial", "default")


def project_tasks():
    current_app.loader.import_default_modules()
    return [task for name, task in current_app.tasks.items() if not name.startswith(("celery.", "tests."))]


def test_every_task_has_the_policy_of_its_queue():
    assert project_tasks()
    assert [task.name for task in project_tasks() if not isinstance(task, TenantTask)] == []
    for task in project_tasks():
        policy = POLICIES[task.queue_name]
        limits = (task.max_retries, task.time_limit, task.soft_time_limit)
        assert limits == (policy.retries, policy.time_limit, policy.soft_time_limit), task.name
        assert task.acks_late, task.name
        assert task.reject_on_worker_lost, task.name
        assert task.ignore_result, task.name
        assert set(TRANSIENT) <= set(task.autoretry_for), task.name
        assert route(task.name, (), {}, {}, task) == {"queue": task.queue_name}, task.name


def test_no_wait_of_a_retry_is_longer_than_the_broker_holds_a_message():
    max_hold_s = max(policy.time_limit for policy in POLICIES.values()) + MAX_WAIT_S

    assert all(task.retry_backoff_max <= MAX_WAIT_S for task in project_tasks())
    assert max_hold_s < current_app.conf.broker_transport_options["visibility_timeout"]


@pytest.mark.parametrize("base", [DefaultTask, BillingTask, AuditTask, LowTask])
@pytest.mark.parametrize(
    "error", [OperationalError, ConnectionError, redis.TimeoutError, SoftTimeLimitExceeded]
)
def test_a_transient_error_is_retried_by_the_policy_of_the_queue(db, base, error):
    times = []

    @shared_task(base=base, name=f"tests.stumble_{base.queue_name}_{error.__name__}")
    def stumble():
        times.append(1)
        raise error

    stumble.apply(headers={"tenant": "public"})

    assert len(times) == 1 + POLICIES[base.queue_name].retries


def test_a_permanent_error_is_not_retried(db):
    times = []

    @shared_task(base=DefaultTask, name="tests.mistaken")
    def mistaken():
        times.append(1)
        raise ValueError

    mistaken.apply(headers={"tenant": "public"})

    assert times == [1]


def test_a_countdown_beyond_the_limit_is_refused(db):
    current_context.apply_async(countdown=150)

    with pytest.raises(TaskWaitsTooLong):
        current_context.apply_async(countdown=151)
    with pytest.raises(TaskWaitsTooLong):
        current_context.apply_async(eta=clock.now() + dt.timedelta(hours=1))


@pytest.mark.parametrize(
    ("url", "quorum"), [("redis://r:1/0", False), ("amqp://r//", True), ("amqps://r:5671/v", True)]
)
def test_the_type_of_the_queues_follows_the_broker_url(monkeypatch, url, quorum):
    monkeypatch.setenv("BROKER_URL", url)
    env.cache_clear()
    try:
        made = importlib.reload(_celery)
        queues = {queue.name: queue for queue in made.CELERY_TASK_QUEUES}
    finally:
        monkeypatch.undo()
        env.cache_clear()
        importlib.reload(_celery)

    assert list(queues) == list(POLICIES)
    assert all(
        (queue.queue_arguments or {}).get("x-queue-type") == ("quorum" if quorum else None)
        for queue in queues.values()
    )


def test_the_broker_holds_a_message_longer_than_any_task_may_run():
    options = current_app.conf.broker_transport_options

    assert options["visibility_timeout"] > max(policy.time_limit for policy in POLICIES.values())
    assert current_app.conf.task_acks_late
    assert current_app.conf.task_reject_on_worker_lost
    assert current_app.conf.worker_prefetch_multiplier == 1


@pytest.mark.parametrize("queue", POLICIES)
def test_a_task_of_any_queue_is_retried_there_by_its_policy(db, queue):
    queues = []

    @shared_task(base=AnyQueueTask, name=f"tests.stumble_anywhere_{queue}", bind=True)
    def stumble(task):
        queues.append(task.current_queue())
        raise OperationalError

    stumble.apply(headers={"tenant": "public"}, routing_key=queue)

    assert queues == [queue] * (1 + POLICIES[queue].retries)


def test_the_delay_of_a_retry_on_rabbitmq_is_no_part_of_the_queue(db):
    """Native delayed delivery puts one digit per level before the routing key."""
    queues = []

    @shared_task(base=AnyQueueTask, name="tests.delayed", bind=True)
    def look(task):
        queues.append(task.current_queue())

    look.apply(headers={"tenant": "public"}, routing_key="0.0.1.0.financial")
    look.apply(headers={"tenant": "public"})

    assert queues == ["financial", "default"]
