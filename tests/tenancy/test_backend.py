"""The connection follows the current tenant, with a minimum of statements."""

import threading
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext

from apps.companies.models import Company
from apps.kernel.tenant import activate
from apps.tenancy.models import Tenant


def where():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), current_setting('app.current_tenant', true)")
        return cursor.fetchone()


def test_a_connection_uses_the_schema_of_the_tenant(acme, globex):
    with activate(acme):
        assert where() == (acme.schema, str(acme.id))
        with activate(globex):
            assert where() == (globex.schema, str(globex.id))
        assert where() == (acme.schema, str(acme.id))
    assert where() == ("public", "")


def test_the_tenant_is_applied_once_and_not_per_query(acme, monkeypatch):
    from apps.tenancy.backend import base

    applied = []
    wanted = base.DatabaseWrapper._wanted
    with activate(acme):
        list(Company.objects.all())
        connection._applied = None
        monkeypatch.setattr(
            base.DatabaseWrapper, "_wanted", lambda self: applied.append(self._applied) or wanted(self)
        )
        for _ in range(3):
            list(Company.objects.all())

    assert applied.count(None) == 1


def test_a_context_without_queries_sends_nothing(acme):
    with CaptureQueriesContext(connection) as queries, activate(acme):
        pass

    assert len(queries) == 0


def test_a_rollback_of_the_search_path_is_noticed(acme):
    with activate(acme):
        connection.close()
        with pytest.raises(LookupError), transaction.atomic():
            assert where()[0] == acme.schema
            raise LookupError
        assert where()[0] == acme.schema


def test_a_rollback_to_a_savepoint_is_noticed(acme):
    with activate(acme), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection._applied = None
        with pytest.raises(LookupError), transaction.atomic():
            assert where()[0] == acme.schema
            raise LookupError
        assert where()[0] == acme.schema


def test_a_commit_of_a_failed_transaction_is_noticed(acme, globex):
    """After a suppressed error a commit rolls back, including the tenant settings."""
    with activate(acme):
        assert where()[0] == acme.schema
    with activate(globex):
        with transaction.atomic(), suppress(ProgrammingError), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        assert where() == (globex.schema, str(globex.id))
        assert Company.objects.get(code="MAIN").name == globex.name


def test_a_failed_statement_in_a_savepoint_leaves_the_tenant_applied(acme):
    with activate(acme), transaction.atomic():
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        assert Company.objects.count() == 1
        assert where()[0] == acme.schema


@pytest.mark.parametrize("way", ["set_tenant", "set_schema", "set_schema_to_public"])
def test_set_tenant_of_a_connection_is_refused(acme, way):
    with pytest.raises(RuntimeError, match="activate"):
        getattr(connection, way)(Tenant.objects.first())


def test_threads_that_switch_tenants_read_the_current_one(acme, globex):
    """Eight threads with their own connections, each switching between two tenants."""
    wrong, right = [], []

    def work():
        try:
            for tenant in (acme, globex) * 20:
                with activate(tenant):
                    name = Company.objects.get(code="MAIN").name
                    (right if name == tenant.name else wrong).append(name)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(right), wrong) == (320, [])


def test_a_connection_that_ignores_the_tenant_is_detected(acme, globex, monkeypatch):
    """Negative control of the test above."""
    from apps.tenancy.backend import base

    with activate(acme):
        list(Company.objects.all())
        monkeypatch.setattr(base.DatabaseWrapper, "_apply_tenant", lambda self: None)
        with activate(globex):
            assert Company.objects.get(code="MAIN").name == acme.name


@pytest.mark.parametrize("table", ["django_migrations", "django_content_type", "auth_permission"])
def test_migration_tables_are_read_only_for_the_runtime(acme, table):
    for tenant in (acme, None):
        with (
            activate(tenant),
            pytest.raises(ProgrammingError, match="permission denied"),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION f() RETURNS int RETURN 1",
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'mine')",
    ],
)
def test_the_runtime_cannot_create_objects(acme, statement):
    for tenant in (acme, None):
        refused = pytest.raises(ProgrammingError, match="permission denied")
        with activate(tenant), refused, connection.cursor() as cursor:
            cursor.execute(statement)
