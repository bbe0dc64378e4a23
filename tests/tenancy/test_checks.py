"""Start-up checks: unsafe settings prevent the start."""

import copy

import psycopg
import pytest
from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections
from psycopg import sql

from apps.kernel.db.request_transactions import OfTenants
from apps.tenancy import checks, numbering
from config.embedded.postgres import SUPERUSER
from config.startup import refuse_unsafe_settings


def ids(settings_are_safe=checks.settings_isolate_tenants):
    return [fault.id for fault in settings_are_safe()]


def test_the_test_settings_are_safe():
    assert ids() == []


def test_another_engine_is_refused(settings):
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}

    assert ids() == ["tenancy.E001"]


def test_a_cache_with_shared_keys_is_refused(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}

    assert ids() == ["tenancy.E002"]


@pytest.mark.parametrize("engine", ["file", "db", "cached_db", "signed_cookies"])
def test_another_session_engine_is_refused(settings, engine):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"

    assert ids() == ["tenancy.E003"]


def test_atomic_requests_are_refused(settings):
    settings.DATABASES = {"default": {**settings.DATABASES["default"], "ATOMIC_REQUESTS": True}}

    assert ids() == ["tenancy.E004"]


def test_request_transactions_are_required_behind_a_pooler(settings):
    default = settings.DATABASES["default"]
    behind = {**default, "TENANCY": {**default["TENANCY"], "pooled": True}}

    settings.DATABASES = {"default": {**behind, "ATOMIC_REQUESTS": False}}
    assert ids() == ["tenancy.E004"]
    settings.DATABASES = {"default": {**behind, "ATOMIC_REQUESTS": True}}
    assert ids() == ["tenancy.E004"]
    settings.DATABASES = {"default": {**behind, "ATOMIC_REQUESTS": OfTenants()}}
    assert ids() == []


def test_a_wildcard_host_is_refused(settings):
    settings.ALLOWED_HOSTS = ["*"]

    assert ids() == ["tenancy.E005"]


def test_a_runtime_that_owns_tables_is_refused(db, monkeypatch):
    assert checks.databases_isolate_tenants(databases=["default"]) == []

    monkeypatch.setattr(checks, "connections", {"default@home": connections["owner"]})
    fault_ids = [fault.id for fault in checks.databases_isolate_tenants(databases=["default"])]

    assert fault_ids == ["tenancy.E008", "tenancy.E009", "tenancy.E011"]


@pytest.mark.physical_copy
def test_a_shared_table_without_a_policy_is_refused(db):
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE public.rumours (tenant_id bigint, text text)")
        cursor.execute("GRANT SELECT ON public.rumours TO bursar_tables")

    (fault,) = checks.databases_isolate_tenants(databases=["default"])

    assert (fault.id, "rumours" in fault.msg) == ("tenancy.E010", True)


@pytest.mark.physical_copy
def test_a_runtime_with_direct_access_to_a_schema_is_refused(acme):
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA {acme.schema} TO bursar_app")

    assert [fault.id for fault in checks.databases_isolate_tenants(databases=["default"])] == ["tenancy.E011"]


class TestEast:
    """A shard is checked like home. Its server belongs to this test process, so roles may be changed."""

    def test_a_valid_shard_has_no_faults(self, initech):
        assert fault_ids() == []

    @pytest.mark.parametrize(
        ("made", "can_act_as"),
        [
            ("GRANT watcher TO bursar_app", "watcher"),
            ("GRANT watcher TO bursar_app WITH INHERIT FALSE, SET TRUE", "watcher"),
            ("GRANT watcher TO bursar_app WITH INHERIT TRUE, SET FALSE", "watcher"),
            ("GRANT watcher TO bursar_app WITH INHERIT FALSE, SET FALSE, ADMIN TRUE", "watcher"),
            ("GRANT watcher TO staff; GRANT staff TO bursar_app", "watcher"),
            ("GRANT watcher TO {role}", "watcher"),
            ("ALTER ROLE {role} BYPASSRLS", "{role}"),
            ("GRANT bursar_owner TO bursar_app WITH INHERIT FALSE, SET TRUE", "bursar_owner"),
            ("GRANT bursar_relay TO bursar_app", "bursar_relay"),
            ("GRANT bursar_tables TO bursar_app", "bursar_tables"),
            ("GRANT pg_read_all_data TO bursar_app", "pg_read_all_data"),
            ("GRANT CREATE ON SCHEMA public TO staff; SET ROLE staff; CREATE TABLE public.lists ();"
             " RESET ROLE; GRANT staff TO bursar_app", "staff"),
        ],
    )  # fmt: skip
    def test_a_runtime_with_a_privileged_role_is_refused(self, initech, in_east, made, can_act_as):
        in_east(made.format(role=initech.role))

        (fault,) = [fault for fault in east_faults() if fault.id == "tenancy.E008"]

        assert can_act_as.format(role=initech.role) in fault.msg
        assert str(fault).startswith("east: (tenancy.E008)")

    @pytest.mark.parametrize(
        "made",
        [
            "GRANT staff TO bursar_app",
            "GRANT pg_monitor TO bursar_app",
            "GRANT watcher TO bursar_app WITH INHERIT FALSE, SET FALSE, ADMIN FALSE",
        ],
    )
    def test_a_role_without_privileges_is_accepted(self, initech, in_east, made):
        in_east(made)

        assert east_faults() == []

    @pytest.mark.parametrize(
        "made",
        [
            "GRANT USAGE ON SCHEMA {schema} TO bursar_app",
            "GRANT USAGE ON SCHEMA {schema} TO staff; GRANT staff TO bursar_app WITH INHERIT FALSE, SET TRUE",
            "GRANT {role} TO bursar_app WITH INHERIT TRUE",
        ],
    )
    def test_a_runtime_with_access_to_a_schema_of_the_shard_is_refused(self, initech, in_east, made):
        in_east(made.format(schema=initech.schema, role=initech.role))

        assert [fault.id for fault in east_faults()] == ["tenancy.E011"]

    def test_a_shared_table_without_a_policy_is_refused(self, east, in_east):
        in_east(
            "CREATE TABLE public.rumours (tenant_id bigint); GRANT SELECT ON public.rumours TO bursar_tables"
        )

        assert [fault.id for fault in east_faults()] == ["tenancy.E010"]

    def test_a_runtime_that_owns_something_is_refused(self, east, in_east):
        in_east("CREATE TABLE public.notes (); ALTER TABLE public.notes OWNER TO bursar_app")

        assert [fault.id for fault in east_faults()] == ["tenancy.E009"]

    def test_an_unreachable_shard_is_only_a_warning(self, east, monkeypatch):
        connections["default@east"].close()
        monkeypatch.setitem(connections["default@east"].settings_dict, "PORT", "1")

        (fault,) = east_faults()

        assert (fault.id, fault.level < ERROR) == ("tenancy.W013", True)

    def test_an_unreachable_home_is_an_error(self, db, monkeypatch):
        connections["default"].close()
        monkeypatch.setitem(connections["default"].settings_dict, "PORT", "1")

        with pytest.raises(OperationalError):
            east_faults()


def test_a_shard_without_isolation_prevents_the_start(east, in_east):
    in_east("GRANT watcher TO bursar_app")

    with pytest.raises(ImproperlyConfigured, match=r"east: .tenancy.E008"):
        refuse_unsafe_settings()


@pytest.fixture
def in_east(east, east_server, database_name):
    """Runs SQL there as superuser. A privileged and an unprivileged role exist; grants are revoked at the end."""
    with psycopg.connect(east_server.url_of(SUPERUSER, database_name), autocommit=True) as superuser:
        superuser.execute("CREATE ROLE watcher BYPASSRLS; CREATE ROLE staff")
        before = set(superuser.execute(GRANTED).fetchall())
        yield superuser.execute
        superuser.execute("DROP OWNED BY staff, watcher; DROP ROLE staff, watcher")
        for granted, member, _ in set(superuser.execute(GRANTED).fetchall()) - before:
            superuser.execute(sql.SQL("REVOKE {} FROM {}").format(*map(sql.Identifier, (granted, member))))
        for (name,) in superuser.execute(PASSING).fetchall():
            superuser.execute(sql.SQL("ALTER ROLE {} NOBYPASSRLS").format(sql.Identifier(name)))


GRANTED = "SELECT roleid::regrole::text, member::regrole::text, grantor FROM pg_auth_members"
PASSING = "SELECT rolname FROM pg_roles WHERE rolbypassrls AND rolname LIKE 'bursar%'"


def east_faults():
    return checks.databases_isolate_tenants(databases=["default"])


def fault_ids():
    return [fault.id for fault in east_faults()]


def test_a_new_model_without_an_id_is_a_warning(monkeypatch):
    assert checks.every_id_is_numbered() == []

    fewer = numbering.committed()
    fewer["permissions"].popitem()
    monkeypatch.setattr(numbering, "committed", lambda: copy.deepcopy(fewer))

    assert [fault.id for fault in checks.every_id_is_numbered()] == ["tenancy.W006"]


def test_all_checks_of_django_pass(db):
    assert [check for check in run_checks(databases=["default"]) if not check.is_silenced()] == []
