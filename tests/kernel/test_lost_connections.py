"""After a restart of PostgreSQL the workers reconnect by themselves."""

from __future__ import annotations

import pytest
from celery import shared_task
from django.db import OperationalError, connection, connections

from apps.kernel.queues.tasks import DefaultTask
from apps.kernel.tenant import activate
from apps.tenancy.models import Tenant


@shared_task(base=DefaultTask, name="tests.count_tenants", platform=True)
def count_tenants() -> int:
    return Tenant.objects.count()


def cut(alias: str = "default") -> None:
    """As when the server has restarted: the connection is there, and leads nowhere."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [backend])


def test_a_task_takes_a_new_connection_when_the_old_one_is_cut(db):
    assert count_tenants.apply(throw=True, headers={"tenant": "public"}).get() == 2

    cut()

    assert count_tenants.apply(throw=True, headers={"tenant": "public"}).get() == 2


def test_a_cut_connection_is_djangos_error_also_where_the_tenant_is_applied(acme):
    Tenant.objects.count()
    cut()

    with activate(acme), pytest.raises(OperationalError):
        connection.cursor()
    connection.close()
