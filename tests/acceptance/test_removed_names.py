"""Rows with names that the code no longer has: removed sagas, events, commands, roles, modules, providers and so on.

Reading never refuses them: lists, row pages, CSV, the API and backups work, and a restore brings them back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urldefrag

import pytest
from django.db import connections

from apps.backups.restores.in_place import restore_in_place
from apps.bus import Command, dispatch, handles, registry
from apps.bus.api.views import ListEndpoint
from apps.console.sites import operator_site, tenant_site
from apps.identity.models import User
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy.models import Tenant
from tests.support.endpoints import endpoints
from tests.support.transfer import exported
from tests.support.two_at_work import both_work

GONE = "_gone"
RENAMED = {
    "audit_commandminute": ("command",),
    "auth_permission": (),
    "bus_idempotencykey": ("scope",),
    "events_delivery": ("subscriber",),
    "events_outboxevent": ("name",),
    "identity_apisession": ("device",),
    "identity_invitation": ("role",),
    "inventory_stockmove": ("reference",),
    "jobs_run": ("job", "stage"),
    "notices_notice": ("kind",),
    "notices_noticedelivery": ("transport",),
    "payments_payment": ("provider",),
    "sagas_logentry": ("step",),
    "sagas_run": ("saga", "step", "stage"),
    "sales_order": ("provider",),
    "schedules_scheduledcommand": ("command", "time_zone"),
    "settings_setting": ("key",),
    "tenancy_scheduledrun": ("task",),
    "webhooks_message": ("type",),
}
"""The columns with names of definitions, by table. A column that a constraint binds to the known names is not here."""
INSERTED = (
    "INSERT INTO approvals_approvalrequest (kind, command, subject, quorum, requester_id, requester_name, state,"
    " revision, requested_at, expires_at, outcome, executed_xid) SELECT 'kind_gone', 'app_gone.command', '', 1, 0,"
    " 'x', 'pending', 1, now(), now() + interval '1 day', '', '0'",
    "INSERT INTO approvals_revision (request_id, number, digest, base_revision, shown, sealed, editor_id, editor_name,"
    " operator, support_session, reason, made_at) SELECT id, 1, 'x', '', '{{}}', '', 0, 'x', '', 0, 'x', now()"
    " FROM approvals_approvalrequest WHERE kind = 'kind_gone'",
    "INSERT INTO webhooks_source (name, scheme, created_at, refused) SELECT 'source', 'scheme_gone', now(), 0",
    "INSERT INTO django_content_type (id, app_label, model) SELECT 90001, 'app_gone', 'model_gone'",
    "INSERT INTO auth_permission (id, name, codename, content_type_id)"
    " SELECT 90001, 'Can be gone', 'permission_gone', id FROM django_content_type WHERE app_label = 'app_gone'",
    "INSERT INTO auth_group (id, name) SELECT 90001, 'role_gone'",
    "INSERT INTO auth_group_permissions (id, group_id, permission_id)"
    " SELECT 90001, auth_group.id, auth_permission.id FROM auth_group, auth_permission"
    " WHERE auth_group.name = 'role_gone' AND codename = 'permission_gone'",
    "INSERT INTO identity_user_groups (id, user_id, group_id) SELECT 90001, {user}, id"
    " FROM auth_group WHERE name = 'role_gone'",
    "INSERT INTO settings_setting (key, value) SELECT 'module_gone.setting', '1'",
    "UPDATE webhooks_endpoint SET events = '{{event.gone}}'",
    "UPDATE notices_notificationchannel SET kinds = '{{kind.gone}}'",
    "INSERT INTO service_accounts_serviceaccount (name, purpose, owner_id, scopes, created_at, revoked_reason)"
    " SELECT 'Program', 'Old', {user}, '{{scope.gone}}', now(), ''",
)
OF_PLANS = (
    "UPDATE billing_plan SET modules = modules || '[\"module_gone\"]', limits = limits || '{{\"limit_gone\": 3}}'",
    "INSERT INTO events_breaker (subscriber, queue, tenant_id, failures, last_error)"
    " VALUES ('app_gone.subscriber', 'gone', NULL, 3, '')",
)


def fill() -> None:
    """Renames what the rows of acme and the platform refer to, by the owner of the tables, with their triggers off."""
    both_work()
    acme = Tenant.objects.get(slug="acme").info
    insert(acme)
    with activate(None), connections["owner"].cursor() as cursor:
        for schema in ("public", acme.schema):
            cursor.execute(f'SET search_path = "{schema}"')
            for table in sorted(tables(cursor, schema) & RENAMED.keys()):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                for column in RENAMED[table]:
                    rename(cursor, table, column)
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("RESET search_path")


def insert(acme: TenantInfo) -> None:
    """New rows with removed names, in acme and the platform."""
    for tenant, schema, email in (
        (None, "public", "operator@bursar.example"),
        (acme, acme.schema, "owner@acme.example"),
    ):
        with activate(tenant):
            dispatch_removed_command(User.objects.get(email=email))
        with activate(None), connections["owner"].cursor() as cursor:
            cursor.execute(f'SET search_path = "{schema}"')
            user = f"(SELECT id FROM identity_user WHERE email = '{email}')"
            for statement in (*INSERTED, *(OF_PLANS if tenant is None else ())):
                cursor.execute(statement.format(user=user))
            cursor.execute("RESET search_path")


def dispatch_removed_command(user: User) -> None:
    """Leaves a record of the audit log as the command wrote it, since its seal covers the name of the command."""

    @dataclass(frozen=True, kw_only=True)
    class LookBack(Command, name="app_gone.look_back"):
        """Look back."""

        __module__ = "apps.sales.commands"
        permission = "sales.view_order"
        audit_message = "looked back at {year}"

        year: int

    handles(LookBack)(lambda command: None)
    try:
        dispatch(LookBack(year=1999), actor=user)
    finally:
        registry._handled.pop(LookBack)
        registry._by_name.pop("app_gone.look_back")


def rename(cursor, table: str, column: str) -> None:
    cursor.execute(
        "SELECT coalesce(character_maximum_length, 1000) FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = %s AND column_name = %s",
        [table, column],
    )
    (limit,) = cursor.fetchone()
    cursor.execute(
        f"UPDATE {table} SET {column} = left({column}, {limit - len(GONE)}) || '{GONE}' WHERE {column} <> ''"
    )


def tables(cursor, schema):
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
    return {name for (name,) in cursor.fetchall()}


class Crawl:
    """Opens pages by their links, each once; those that differ in their last number only, twice at most."""

    def __init__(self, client, base):
        client.raise_request_exception = False
        self.client, self.base = client, base
        self.statuses: dict[str, int] = {}
        self.opened: dict[str, int] = {}

    def run(self, *starts: str, depth: int) -> None:
        level = list(starts)
        for _ in range(depth):
            level = [link for path in level for link in self.open(path)]

    def open(self, path: str) -> list[str]:
        shape = re.sub(r"\d+", "1", path)
        if path in self.statuses or self.opened.get(shape, 0) == 2:
            return []
        self.opened[shape] = self.opened.get(shape, 0) + 1
        response = self.client.get(path)
        self.statuses[path] = response.status_code
        if response.status_code != 200 or not response.headers.get("Content-Type", "").startswith(
            "text/html"
        ):
            return []
        links = re.findall(r'href="([^"]+)"', response.content.decode())
        return [
            url
            for link in links
            if (url := urldefrag(unescape(link))[0]).startswith(self.base)
            and not re.search(r"logout|/static/|/api/", url)
        ]

    @property
    def failed(self) -> dict[str, int]:
        """Rows that raw SQL inserted have no versions."""
        return {
            path: status
            for path, status in self.statuses.items()
            if status >= 400 and not (status == 404 and "/audit/versions/" in path)
        }


def lists(site, base):
    return [f"{base}{model._meta.app_label}/{model._meta.model_name}/" for model in site._registry]


def test_lists_with_removed_names_are_readable(acme, client_for, owner):
    insert(acme)
    crawl = Crawl(client_for(owner), "/t/acme/")

    for path in (
        "",
        "audit/record/",
        "webhooks/source/",
        "identity/user/",
        "service_accounts/serviceaccount/",
    ):
        crawl.run(f"/t/acme/{path}", depth=1)

    assert crawl.failed == {}
    assert len(crawl.statuses) == 5
    message = crawl.client.post("/t/acme/api/v1/webhooks/in/source/", {}, content_type="application/json")
    assert (message.status_code, message.json()["errors"][0]["code"]) == (422, "webhooks.scheme_unknown")


def counts(tenant):
    """Rows with a removed name, by table and column."""
    totals = {}
    with activate(None), connections["owner"].cursor() as cursor:
        for table in sorted(tables(cursor, tenant.schema) & RENAMED.keys()):
            for column in RENAMED[table]:
                cursor.execute(
                    f'SELECT count(*) FROM "{tenant.schema}".{table} WHERE {column} LIKE %s', [f"%{GONE}"]
                )
                (totals[f"{table}.{column}"],) = cursor.fetchone()
    return totals


class TestRemovedNamesOfTwoTenants:
    """Of two tenants that use every app."""

    @pytest.fixture(scope="session")
    @classmethod
    def template(cls, template_where):
        return template_where("removed_names", fill)

    @pytest.mark.exhaustive("opens all lists, pages of rows and downloads of both consoles")
    @pytest.mark.parametrize("plane", ["tenant", "operator"])
    def test_pages_with_removed_names_are_readable(self, acme, client_for, owner, operator, plane):
        base, site, client = (
            ("/t/acme/", tenant_site, client_for(owner))
            if plane == "tenant"
            else ("/", operator_site, client_for(operator, None))
        )
        crawl = Crawl(client, base)

        crawl.run(base, *lists(site, base), depth=2)

        assert crawl.failed == {}
        assert len(crawl.statuses) > 60

    @pytest.mark.exhaustive("requests all lists of both planes")
    @pytest.mark.parametrize("plane", ["tenant", "operator"])
    def test_api_lists_and_their_rows_with_removed_names_are_readable(
        self, acme, api, owner, operator, plane
    ):
        caller = api(owner) if plane == "tenant" else api(operator, None)
        caller.client.raise_request_exception = False
        known = {address for address, _ in endpoints(plane)}
        statuses = {}

        for address, view in endpoints(plane):
            if view is None or not issubclass(view, ListEndpoint) or "/1/" in address:
                continue
            path = address.removeprefix("/api/v1/")
            response = caller.get(path)
            statuses[address] = response.status_code
            rows = response.json().get("results", []) if response.status_code == 200 else []
            for row in rows[:3]:
                if f"{address}1/" in known and "id" in row:
                    statuses[f"{address}{row['id']}/"] = caller.get(f"{path}{row['id']}/").status_code

        assert {path: status for path, status in statuses.items() if status != 200} == {}
        assert len(statuses) > 20

    @pytest.mark.exhaustive("restores a tenant")
    @pytest.mark.physical_copy
    def test_a_tenant_with_removed_names_is_backed_up_and_restored(self, acme):
        before = counts(acme)
        backup_file = exported(acme)

        with activate(None):
            restore_in_place(backup_file, Tenant.objects.get(pk=acme.id))

        after = counts(Tenant.objects.get(pk=acme.id).info)
        assert {
            table: (before[table], after[table]) for table in before if before[table] > after[table]
        } == {}
