"""A tenant's role alone may use its schema, and sees of the shared tables its own rows: by raw SQL, as the runtime."""

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
def told(acme, globex, owner):
    """Each tenant has said one thing, and the platform another."""
    for tenant in (acme, globex):
        with activate(tenant):
            dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=TESTER)
    OutboxEvent.objects.create(name="house.cleaned", aggregate="house", payload={}, occurred_at=now())


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
def test_another_tenants_schema_is_closed(acme, globex, sql):
    with activate(acme):
        assert refused(sql.format(other=globex.schema))


def test_a_wrong_search_path_is_an_error_and_not_somebody_elses_rows(acme, globex):
    with activate(acme), connection.cursor() as cursor:
        cursor.execute("SET search_path = tenant_2")
        with pytest.raises(ProgrammingError, match="does not exist"):
            cursor.execute("SELECT * FROM ledger_account")


@pytest.mark.parametrize("role", ["default", "owner", "relay", "backup_worker"])
def test_who_is_not_told_where_looks_into_public_alone(db, role):
    """And not first into a schema that is called as he is, which the backup worker could make."""
    fresh = connections[role].copy()
    try:
        fresh.connect()
        assert fresh.connection.execute("SHOW search_path").fetchone() == ("public",)
    finally:
        fresh.close()


@pytest.mark.parametrize("view", ["pg_stats", "pg_stats_ext", "pg_stats_ext_exprs", "pg_sequences"])
def test_what_the_planner_knows_of_others_is_closed(at_acme, globex, view):
    """It is values of their rows, which the schema does not guard."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ANALYZE {globex.schema}.identity_user")

    assert refused(f"SELECT * FROM {view}")


class TestSequences:
    """One is found by its number without a look at its schema."""

    @pytest.fixture
    def theirs(self, globex):
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT %s::regclass::oid", [f"{globex.schema}.ledger_entry_id_seq"])
            return cursor.fetchone()[0]

    @pytest.mark.parametrize("call", ["nextval(%s::oid)", "setval(%s::oid, 999)"])
    def test_another_tenants_is_closed(self, at_acme, theirs, call):
        assert refused(f"SELECT {call}", theirs)

    def test_how_far_it_is_too(self, at_acme, theirs):
        assert run("SELECT pg_sequence_last_value(%s::oid)", theirs) == [(None,)]
        assert run("SELECT last_value FROM pg_get_sequence_data(%s::oid)", theirs) == [(None,)]
        assert refused("SELECT tenancy_sequences('tenant_2')")

    def test_rows_are_numbered_all_the_same(self, at_acme):
        assert refused("SELECT nextval('ledger_journal_id_seq')")
        run("INSERT INTO ledger_journal (code, name) VALUES ('X', 'X')")

    def test_nobody_has_a_right_to_any_in_a_tenants_schema(self, db):
        """Nor to those that later migrations make; and to the shared ones neither."""
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


def test_the_platform_itself_cannot_look_into_a_tenant(acme):
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
def test_what_is_the_platforms_own_is_closed_to_a_tenant(at_acme, table):
    assert refused(f"SELECT * FROM {table}")


@pytest.mark.parametrize(
    "call",
    ["tenancy_make_spare(99)", "tenancy_claim_spare('tenant_')", "tenancy_drop(2)", "events_purge(now(), 1)"],
)
def test_what_the_platform_may_have_made_a_tenant_may_not(at_acme, call):
    assert refused(f"SELECT {call}")


def test_a_tenant_may_not_run_the_functions_of_the_platforms_audit_log(at_acme):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE pronamespace = 'public'::regnamespace"
            " AND prosecdef AND has_function_privilege('bursar_tables', p.oid, 'EXECUTE')"
        )
        assert cursor.fetchall() == []


class TestSharedTables:
    def test_a_tenant_sees_its_own(self, told, acme, globex):
        for tenant in (acme, globex):
            with activate(tenant):
                assert {event.tenant_id for event in OutboxEvent.objects.all()} == {tenant.id}
        assert {None, acme.id, globex.id} <= {event.tenant_id for event in OutboxEvent.objects.all()}

    def test_a_tenant_changes_nobody_elses(self, told, acme, globex):
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

    @pytest.mark.parametrize("whose", ["globex", None])
    def test_a_tenant_says_nothing_in_anothers_name(self, acme, globex, whose):
        with activate(acme):
            assert refused(
                "INSERT INTO events_outboxevent (tenant_id, name, aggregate, payload, correlation_id, causation_id,"
                " occurred_at) VALUES (%s, 'a.b', 'a', '{}', '', '', now())",
                globex.id if whose else None,
            )

    def test_without_a_tenants_role_its_number_still_shows_its_rows_alone(self, told, acme):
        """As where roles are off: the runtime's own role, with the tenant's number set."""
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.current_tenant', %s, false)", [str(acme.id)])
            cursor.execute("SELECT DISTINCT tenant_id FROM events_outboxevent")
            assert cursor.fetchall() == [(acme.id,)]
            cursor.execute("SELECT set_config('app.current_tenant', '', false)")

    def test_the_number_alone_does_not_open_anothers_rows(self, told, acme, globex):
        """In a tenant's role: its policy goes by the number, so this is what an injected statement could still do.
        It shows that the number is what guards these rows, and why values never become SQL."""
        with activate(acme), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.current_tenant', %s, false)", [str(globex.id)])
            cursor.execute("SELECT count(*) FROM events_outboxevent WHERE tenant_id = %s", [acme.id])
            assert cursor.fetchone() == (0,)
            cursor.execute("SELECT set_config('app.current_tenant', %s, false)", [str(acme.id)])

    def test_what_stopped_a_listener_of_one_is_nobody_elses_to_read(self, acme, globex):
        with activate(acme):
            Breaker.objects.create(subscriber="a.b", tenant_id=acme.id, last_error="IBAN of a customer")
        with activate(globex):
            assert not Breaker.objects.exists()

    def test_a_policy_cannot_be_switched_off(self, told, at_acme):
        assert refused("ALTER TABLE events_outboxevent DISABLE ROW LEVEL SECURITY")
        run("SET row_security = off")
        with pytest.raises(ProgrammingError, match="row-level security"):
            run("SELECT * FROM events_outboxevent")
        run("SET row_security = on")

    def test_the_owner_too_is_bound_and_sees_all_by_a_policy_of_its_own(self, told):
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_class WHERE relname LIKE 'events\\_%%' AND relkind = 'r'"
                " AND relrowsecurity AND relforcerowsecurity"
            )
            assert cursor.fetchone() == (3,)


def test_inside_a_tenant_the_platforms_rows_come_over_a_connection_of_their_own(acme, globex):
    with activate(acme):
        assert {tenant.slug for tenant in Tenant.objects.all()} == {"acme", "globex"}
        assert Tenant.objects.get(slug="acme")._state.db == "control"
    assert Tenant.objects.get(slug="acme")._state.db == "default"


def test_the_runtime_cannot_have_another_tenants_schema_dropped(acme, globex):
    """By a row of its own that names it, or by the tenant's own row that names another."""
    with pytest.raises(DatabaseError, match="tenant_schema_is_its_own"):
        run("UPDATE tenancy_tenant SET schema_name = %s WHERE id = %s", "elsewhere", globex.id)
    with pytest.raises(DatabaseError, match="tenant_role_is_its_own"):
        run("UPDATE tenancy_tenant SET role_name = %s WHERE id = %s", globex.role, acme.id)
    with pytest.raises(DatabaseError, match="is a tenant's"):
        run("SELECT tenancy_make_spare(%s)", globex.id)
