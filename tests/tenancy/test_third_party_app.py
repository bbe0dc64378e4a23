"""An app of PyPI that is written for django-tenants: the scheduler of tenant-schemas-celery sends a task per tenant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import Celery
from django.db import connection, transaction
from tenant_schemas_celery.scheduler import TenantAwareScheduler
from tenant_schemas_celery.task import TenantTask

from apps.companies.models import Company
from apps.kernel.tenant import TenantSwitchInTransaction, activate, current_tenant

Run = tuple[str, str, str]


class SchedulerOfTheLibrary(TenantAwareScheduler):
    """Without a file for its state."""

    def setup_schedule(self) -> None:
        self.merge_inplace(self.app.conf.beat_schedule)


@pytest.fixture
def runs() -> list[Run]:
    """Schema in the header of the message, current schema, and the company that the task reads."""
    return []


@pytest.fixture
def scheduler(db: None, runs: list[Run]) -> Iterator[SchedulerOfTheLibrary]:
    app = Celery("third party", task_cls=TenantTask, set_as_current=False)
    app.conf.update(task_always_eager=True, task_eager_propagates=True)

    @app.task(name="third_party.look", bind=True, shared=False)
    def look(task: TenantTask) -> None:
        companies = ", ".join(Company.objects.values_list("name", flat=True))
        runs.append((task.request.headers["_schema_name"], connection.schema_name, companies))

    app.conf.beat_schedule = {"look": {"task": "third_party.look", "schedule": 60.0}}
    yield SchedulerOfTheLibrary(app=app)
    app.close()


def send_due_tasks(scheduler: SchedulerOfTheLibrary) -> None:
    for entry in scheduler.schedule.values():
        scheduler.apply_entry(entry)


def test_a_third_party_scheduler_runs_its_task_inside_each_tenant(scheduler, acme, globex, runs):
    send_due_tasks(scheduler)

    assert sorted(runs) == [
        (acme.schema, acme.schema, "Acme Corporation"),
        (globex.schema, globex.schema, "Globex"),
    ]
    assert current_tenant() is None


def test_a_third_party_scheduler_returns_to_the_tenant_before(scheduler, acme, globex, runs):
    with activate(globex):
        send_due_tasks(scheduler)
        assert current_tenant() == globex

    assert {companies for *_, companies in runs} == {"Acme Corporation", "Globex"}


def test_a_third_party_scheduler_inside_a_transaction_of_a_tenant_is_refused(scheduler, acme, runs):
    with activate(acme), transaction.atomic(), pytest.raises(TenantSwitchInTransaction):
        send_due_tasks(scheduler)

    assert {companies for *_, companies in runs} <= {"Acme Corporation"}
