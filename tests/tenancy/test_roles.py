"""Rights of a tenant's role, by raw SQL as the runtime: its own schema, and its own rows of shared tables."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connection, connections
from django.db.utils import ProgrammingError

from apps.bus import dispatch
from apps.events.models import Breaker, Delivery, OutboxEvent
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from apps.settings.commands import ChangeSetting
from apps.tenancy.models import Tenant
from tests.support.database import TESTER

REFUSED = psycopg.errors.InsufficientPrivilege.sqlstate


def run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def refused(sql, *values):
    with pytest.raises(DatabaseError) as error:
        run(sql, *values)
    return error.value.__cause__.sqlstate == REFUSED


@pytest.fixture
def published(acme, globex, owner):
    """Each tenant and the platform have published an event."""
    for tenant in (acme, globex):
        with activate(tenant):
            dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=TESTER)
    OutboxEvent.objects.using("owner").create(
        name="platform.cleaned", aggregate="platform", payload={}, occurred_at=now()
    )


def test_the_current_role_is_the_tenants(acme, globex):
    for tenant in (acme, globex):
        with activate(tenant):
            assert run("SELECT current_user, session_user") == [(tenant.role, "bursar_app")]
    assert acme.role != globex.role
    assert run("SELECT current_user") == [("bursar_app",)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM {other}.ledger_account",
        "INSERT INTO {other}.ledger_journal (code, name) VALUES ('X', 'X')",
        "UPDATE {other}.identity_user SET is_superuser = true",
        "DELETE FROM {other}.companies_company",
        "TRUNCATE {other}.ledger_entry",
        "SELECT nextval('{other}.ledger_entry_id_seq')",
        "CREATE TABLE {other}.mine (id int)",
        "DROP SCHEMA {other} CASCADE",
    ],
)
def test_another_tenants_schema_is_not_accessible(acme, globex, sql):
    with activate(acme):
        assert refused(sql.format(other=globex.schema))


def test_a_wrong_search_path_is_an_error(acme, globex):
    with activate(acme), connection.cursor() as cursor:
        cursor.execute("SET search_path = tenant_2")
        with pytest.raises(ProgrammingError, match="does not exist"):
            cursor.execute("SELECT * FROM ledger_account")


@pytest.mark.parametrize("role", ["default", "owner", "relay", "backup_worker"])
def test_the_default_search_path_is_public_only(db, role):
    """Not a schema with the name of the role, which the backup worker could create."""
    fresh = connections[role].copy()
    try:
        fresh.connect()
        assert fresh.connection.execute("SHOW search_path").fetchone() == ("public",)
    finally:
        fresh.close()


@pytest.mark.parametrize(
    ("role", "limits"),
    [("default", ("15min", "5min", "1min")), ("relay", ("1min", "1min", "30s")), ("owner", ("0", "1h", "0"))],
)
def test_sessions_of_a_role_have_its_limits(db, role, limits):
    """An open transaction stops the sealing of the audit log."""
    names = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")
    fresh = connections[role].copy()
    try:
        fresh.connect()
        assert tuple(fresh.connection.execute(f"SHOW {name}").fetchone()[0] for name in names) == limits
    finally:
        fresh.close()


@pytest.mark.parametrize("view", ["pg_stats", "pg_stats_ext", "pg_stats_ext_exprs", "pg_sequences"])
def test_planner_statistics_are_not_readable(at_acme, globex, view):
    """They contain values of rows, and are not protected by the schema."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ANALYZE {globex.schema}.identity_user")

    assert refused(f"SELECT * FROM {view}")


class TestSequences:
    """A sequence can be addressed by its oid, without a right on its schema."""

    @pytest.fixture
    def other_sequence(self, globex):
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT %s::regclass::oid", [f"{globex.schema}.ledger_entry_id_seq"])
            return cursor.fetchone()[0]

    @pytest.mark.parametrize("call", ["nextval(%s::oid)", "setval(%s::oid, 999)"])
    def test_another_tenants_sequence_is_not_writable(self, at_acme, other_sequence, call):
        assert refused(f"SELECT {call}", other_sequence)

    def test_another_tenants_sequence_is_not_readable(self, at_acme, other_sequence):
        assert run("SELECT pg_sequence_last_value(%s::oid)", other_sequence) == [(None,)]
        assert run("SELECT last_value FROM pg_get_sequence_data(%s::oid)", other_sequence) == [(None,)]
        assert refused("SELECT tenancy_sequences('tenant_2')")

    def test_inserted_rows_are_numbered_without_a_grant(self, at_acme):
        assert refused("SELECT nextval('ledger_journal_id_seq')")
        run("INSERT INTO ledger_journal (code, name) VALUES ('X', 'X')")

    def test_sequences_in_a_tenants_schema_have_no_grants(self, db):
        """Including sequences of later migrations, and shared ones."""
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT oid::regclass::text, grantee::regrole::text FROM pg_class, aclexplode(relacl)"
                " WHERE relkind = 'S' AND grantee <> relowner UNION ALL"
                " SELECT defaclnamespace::regnamespace::text, grantee::regrole::text"
                " FROM pg_default_acl, aclexplode(defaclacl) WHERE defaclobjtype = 'S'"
            )
            assert set(cursor.fetchall()) == {
                ("tenancy_tenant_id_seq", "bursar_app"),
                ("events_delivery_id_seq", "bursar_relay"),
            }


def test_the_platform_cannot_read_a_tenants_schema(acme):
    assert refused(f"SELECT * FROM {acme.schema}.ledger_account")


@pytest.mark.parametrize(
    "table",
    [
        "tenancy_tenant",
        "tenancy_domain",
        "tenancy_spare",
        "public.identity_user",
        "public.audit_record",
        "public.settings_setting",
        "public.bus_idempotencykey",
    ],
)
def test_platform_tables_are_not_readable_by_a_tenant(at_acme, table):
    assert refused(f"SELECT * FROM {table}")


@pytest.mark.parametrize(
    "call",
    ["tenancy_make_spare(99)", "tenancy_claim_spare('tenant_')", "tenancy_drop(2)", "events_purge(now(), 1)"],
)
def test_platform_functions_are_not_executable_by_a_tenant(at_acme, call):
    assert refused(f"SELECT {call}")


def test_a_tenant_may_not_run_the_functions_of_the_platforms_audit_log(at_acme):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE pronamespace = 'public'::regnamespace"
            " AND prosecdef AND has_function_privilege('bursar_tables', p.oid, 'EXECUTE')"
        )
        assert cursor.fetchall() == []


class TestSharedTables:
    def test_a_tenant_sees_its_own_rows(self, published, acme, globex):
        for tenant in (acme, globex):
            with activate(tenant):
                assert {event.tenant_id for event in OutboxEvent.objects.all()} == {tenant.id}
        assert {None, acme.id, globex.id} <= {event.tenant_id for event in OutboxEvent.objects.all()}

    def test_a_tenant_cannot_change_rows_of_others(self, published, acme, globex):
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO events_delivery (tenant_id, event_id, subscriber, aggregate, status, attempts, last_error)"
                " SELECT tenant_id, id, 'a.b', aggregate, 'pending', 0, '' FROM events_outboxevent"
            )
        with activate(acme):
            assert run("UPDATE events_delivery SET status = 'dropped' WHERE tenant_id <> %s", acme.id) == 0
            assert run("UPDATE events_delivery SET status = 'dropped'") >= 1
            assert refused("UPDATE events_delivery SET tenant_id = %s", globex.id)
            assert refused("DELETE FROM events_delivery")
        assert set(Delivery.objects.filter(status="dropped").values_list("tenant_id", flat=True)) == {acme.id}

    @pytest.mark.parametrize("target", ["globex", None])
    def test_a_tenant_cannot_publish_for_another(self, acme, globex, target):
        with activate(acme):
            assert refused(
                "INSERT INTO events_outboxevent (tenant_id, name, aggregate, payload, correlation_id, causation_id,"
                " occurred_at) VALUES (%s, 'a.b', 'a', '{}', '', '', now())",
                globex.id if target else None,
            )

    def test_without_a_role_the_tenant_id_restricts_rows(self, published, acme):
        """With roles off: the runtime's own role, with the tenant's id set."""
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.current_tenant', %s, false)", [str(acme.id)])
            cursor.execute("SELECT DISTINCT tenant_id FROM events_outboxevent")
            assert cursor.fetchall() == [(acme.id,)]
            cursor.execute("SELECT set_config('app.current_tenant', '', false)")

    def test_another_tenant_id_hides_own_rows(self, published, acme, globex):
        """The policy uses the id that is set in the session. An injected statement could set another, so values never
        become SQL."""
        with activate(acme), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.current_tenant', %s, false)", [str(globex.id)])
            cursor.execute("SELECT count(*) FROM events_outboxevent WHERE tenant_id = %s", [acme.id])
            assert cursor.fetchone() == (0,)
            cursor.execute("SELECT set_config('app.current_tenant', %s, false)", [str(acme.id)])

    def test_breakers_of_a_tenant_are_not_visible_to_others(self, acme, globex):
        with activate(acme):
            Breaker.objects.create(subscriber="a.b", tenant_id=acme.id, last_error="IBAN of a customer")
        with activate(globex):
            assert not Breaker.objects.exists()

    def test_a_policy_cannot_be_switched_off(self, published, at_acme):
        assert refused("ALTER TABLE events_outboxevent DISABLE ROW LEVEL SECURITY")
        run("SET row_security = off")
        with pytest.raises(ProgrammingError, match="row-level security"):
            run("SELECT * FROM events_outboxevent")
        run("SET row_security = on")

    def test_row_security_is_forced_on_the_owner(self, published):
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_class WHERE relname LIKE 'events\\_%%' AND relkind = 'r'"
                " AND relrowsecurity AND relforcerowsecurity"
            )
            assert cursor.fetchone() == (3,)


def test_inside_a_tenant_platform_rows_are_read_over_control(acme, globex):
    with activate(acme):
        assert {tenant.slug for tenant in Tenant.objects.all()} == {"acme", "globex"}
        assert Tenant.objects.get(slug="acme")._state.db == "control"
    assert Tenant.objects.get(slug="acme")._state.db == "default"


def test_the_runtime_cannot_redirect_a_drop(acme, globex):
    """By a row with the name of another schema or role."""
    with pytest.raises(DatabaseError, match="tenant_schema_is_its_own"):
        run("UPDATE tenancy_tenant SET schema_name = %s WHERE id = %s", "elsewhere", globex.id)
    with pytest.raises(DatabaseError, match="tenant_role_is_its_own"):
        run("UPDATE tenancy_tenant SET role_name = %s WHERE id = %s", globex.role, acme.id)
    with pytest.raises(DatabaseError, match="is a tenant's"):
        run("SELECT tenancy_make_spare(%s)", globex.id)
