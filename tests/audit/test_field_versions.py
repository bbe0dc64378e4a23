"""Versions of master data: roles of users, permissions of roles, and the fields that a version changed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection
from simple_history.utils import get_history_manager_for_model

from apps.audit.errors import FieldHistoryUnavailable
from apps.audit.field_versions import has_field_history, versions_of_object
from apps.audit.values import shown
from apps.bus import dispatch
from apps.identity.commands import ChangeRoles
from apps.kernel.models import Tracked
from apps.kernel.tenant import activate
from tests.support.people import new_user


def texts(values):
    return [value.text for value in values]


@pytest.fixture
def promoted(at_acme, owner):
    """An accountant who became a controller."""
    user = new_user("vera@acme.example", "Vera", "accountant", actor=owner)
    dispatch(
        ChangeRoles(user_id=user.pk, roles=("controller",), reason="Vera closes the books."), actor=owner
    )
    return user


def test_a_change_of_roles_is_a_version_of_the_user_with_actor_and_reason(promoted, owner):
    versions = versions_of_object("identity.user", str(promoted.pk))

    changed = [
        (texts(change.before), texts(change.after))
        for v in versions
        for change in v.changes
        if change.field == "Groups"
    ]
    assert changed == [([], ["controller"]), (["accountant"], []), ([], ["accountant"])]
    assert (versions[0].kind, versions[0].actor_name) == ("changed", str(owner))
    assert versions[0].reason == "Vera closes the books."


def test_the_created_version_of_a_user_lists_the_values_and_no_password(promoted):
    created = versions_of_object("identity.user", str(promoted.pk))[-1]

    values = {change.field: texts(change.after) for change in created.changes}
    assert created.kind == "created"
    assert values["Email"] == ["vera@acme.example"]
    assert values["Is active"] == ["Yes"]
    assert "Password" not in values


def test_a_permission_taken_from_a_role_is_a_version_of_the_role(at_acme):
    role = Group.objects.get(name="auditor")
    permission = role.permissions.get(content_type__app_label="audit", codename="view_record")

    role.permissions.remove(permission)

    newest = versions_of_object("auth.group", str(role.pk))[0]
    assert [(change.field, texts(change.before), change.after) for change in newest.changes] == [
        ("Permissions", [permission.name], ())
    ]


def test_a_role_in_a_version_of_a_user_refers_to_the_history_of_that_role(promoted):
    newest = versions_of_object("identity.user", str(promoted.pk))[0]

    (role,) = newest.changes[0].after
    assert role.subject_type == "auth.group"
    assert versions_of_object(role.subject_type, role.subject_id)[-1].kind == "created"


@pytest.mark.parametrize(
    "table",
    ["identity_historicaluser_groups", "identity_historicalgroup", "identity_historicalgroup_permissions"],
)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = 0", "DELETE FROM {}"])
def test_the_runtime_changes_no_version_of_a_role_by_raw_sql(promoted, table, statement):
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


WITHOUT_VERSIONS = [
    ("ledger.entry", "1"),
    ("no.model", "1"),
    ("nonsense", "1"),
    ("identity.user", "999999"),
    ("identity.user", "x"),
    ("identity.user", "٣"),
    ("identity.user", "9" * 40),
    ("identity.user", "9" * 5000),
    ("billing.subscription", "1"),
    ("billing.plan", "1"),
]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.datetime(2026, 11, 29, 23, 9, tzinfo=dt.UTC), "2026-11-29 23:09 UTC"),
        (dt.date(2026, 11, 1), "2026-11-01"),
        (True, "Yes"),
        (None, "nothing"),
        (0, "0"),
    ],
)
def test_values_are_shown_in_the_format_of_all_pages(value, text):
    assert shown(value) == text


def test_a_row_without_versions_is_refused(at_acme):
    for subject_type, subject_id in WITHOUT_VERSIONS:
        with pytest.raises(FieldHistoryUnavailable):
            versions_of_object(subject_type, subject_id)


@pytest.mark.parametrize(
    "model", [model for model in apps.get_models() if has_field_history(model) and issubclass(model, Tracked)]
)
def test_a_version_contains_no_hidden_field(model):
    history = get_history_manager_for_model(model).model

    assert not {*model.hidden} & {field.name for field in history.tracked_fields}


def test_the_page_shows_each_version_and_links_to_its_roles(client_for, owner, promoted):
    page = client_for(owner).get(f"/t/acme/audit/versions/identity.user/{promoted.pk}/").content.decode()

    assert "Vera closes the books." in page
    assert '<a href="/t/acme/audit/versions/auth.group/' in page
    assert "accountant" in page


def test_the_console_page_of_a_user_links_to_its_versions(client_for, owner, promoted):
    page = client_for(owner).get(f"/t/acme/identity/user/{promoted.pk}/change/").content.decode()

    assert f"/t/acme/audit/versions/identity.user/{promoted.pk}/" in page


def test_another_tenant_finds_no_version_of_the_user(promoted, globex):
    with activate(globex), pytest.raises(FieldHistoryUnavailable):
        versions_of_object("identity.user", str(promoted.pk))


def test_the_api_lists_the_versions(client_for, owner, promoted):
    response = client_for(owner).get(f"/t/acme/api/v1/audit/versions/identity.user/{promoted.pk}/")

    assert response.status_code == 200
    assert response.json()[0]["changes"][0]["field"] == "Groups"


def test_the_platform_has_no_versions_of_the_tables_of_tenants(db):
    with pytest.raises(FieldHistoryUnavailable):
        versions_of_object("sales.customer", "1")


def test_the_page_of_an_unknown_row_is_not_found(client_for, owner):
    assert client_for(owner).get("/t/acme/audit/versions/billing.subscription/1/").status_code == 404


@pytest.mark.parametrize(
    ("recorded", "text"),
    [
        ("2026-12-01 13:38:08.345678+00:00", "2026-12-01 13:38 UTC"),
        ("{'name': 'Acme', 'plan': ''}", "name: Acme, plan: nothing"),
        ("['sales', 'ledger']", "sales, ledger"),
        ("[]", "nothing"),
        ("[sic]", "[sic]"),
        ("['unfinished", "['unfinished"),
    ],
)
def test_a_recorded_text_of_a_change_is_shown_for_people(recorded, text):
    assert shown(recorded) == text
