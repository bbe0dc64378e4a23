"""Unsafe settings do not start."""

import copy

import pytest
from django.core.checks import run_checks
from django.db import connections

from apps.tenancy import checks, numbering


def ids(settings_are_safe=checks.tenants_are_kept_apart):
    return [each.id for each in settings_are_safe()]


def test_the_settings_we_run_with_are_safe():
    assert ids() == []


def test_another_engine_is_refused(settings):
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}

    assert ids() == ["tenancy.E001"]


def test_a_cache_that_tenants_would_share_is_refused(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}

    assert ids() == ["tenancy.E002"]


@pytest.mark.parametrize("engine", ["file", "db", "cached_db", "signed_cookies"])
def test_sessions_elsewhere_are_refused(settings, engine):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"

    assert ids() == ["tenancy.E003"]


def test_atomic_requests_are_refused(settings):
    settings.DATABASES = {"default": {**settings.DATABASES["default"], "ATOMIC_REQUESTS": True}}

    assert ids() == ["tenancy.E004"]


def test_they_are_needed_behind_a_transaction_pooler(settings):
    default = settings.DATABASES["default"]
    behind = {**default, "TENANCY": {**default["TENANCY"], "pooled": True}}

    settings.DATABASES = {"default": {**behind, "ATOMIC_REQUESTS": False}}
    assert ids() == ["tenancy.E004"]
    settings.DATABASES = {"default": {**behind, "ATOMIC_REQUESTS": True}}
    assert ids() == []


def test_any_host_is_refused(settings):
    settings.ALLOWED_HOSTS = ["*"]

    assert ids() == ["tenancy.E005"]


def test_a_runtime_that_owns_tables_is_refused(database, monkeypatch):
    assert checks.the_database_keeps_tenants_apart(databases=["default"]) == []

    monkeypatch.setattr(checks, "connections", {"default": connections["owner"]})
    found = [each.id for each in checks.the_database_keeps_tenants_apart(databases=["default"])]

    assert found == ["tenancy.E008", "tenancy.E009", "tenancy.E011"]


def test_a_shared_table_without_a_policy_is_refused(database):
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE public.rumours (tenant_id bigint, text text)")
        cursor.execute("GRANT SELECT ON public.rumours TO bursar_tables")

    (found,) = checks.the_database_keeps_tenants_apart(databases=["default"])

    assert (found.id, "rumours" in found.msg) == ("tenancy.E010", True)


def test_a_runtime_that_could_look_into_a_schema_itself_is_refused(acme):
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA {acme.schema} TO bursar_app")

    assert [each.id for each in checks.the_database_keeps_tenants_apart(databases=["default"])] == [
        "tenancy.E011"
    ]


def test_new_models_without_ids_are_noticed(monkeypatch):
    assert checks.every_id_is_numbered() == []

    fewer = numbering.committed()
    fewer["permissions"].popitem()
    monkeypatch.setattr(numbering, "committed", lambda: copy.deepcopy(fewer))

    assert [each.id for each in checks.every_id_is_numbered()] == ["tenancy.W006"]


def test_django_finds_nothing_wrong(database):
    assert [each for each in run_checks(databases=["default"]) if not each.is_silenced()] == []
