"""A row read for one tenant cannot be used in another, by any path."""

from __future__ import annotations

import pickle

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group

from apps.identity.models import User
from apps.kernel.db.row_guard import RowOfAnotherTenant
from apps.kernel.tenant import activate
from apps.ledger.models import Account, Journal
from apps.tenancy.models import Domain, Tenant


@pytest.fixture
def books(acme, globex):
    """An account with the same number in both tenants."""
    for tenant in (acme, globex):
        with activate(tenant):
            Journal.objects.create(code="ZZ", name=f"Of {tenant.name}")
            Account.objects.create(code="9999", name=f"Of {tenant.name}", type="asset")


@pytest.fixture
def account(books, acme):
    with activate(acme):
        return Account.objects.get(code="9999")


@pytest.fixture
def user(acme):
    with activate(acme):
        return User.objects.get(email="owner@acme.example")


@pytest.mark.parametrize(
    "use",
    [
        lambda row: row.save(),
        lambda row: row.save(update_fields=["name"]),
        lambda row: row.save(using="default"),
        lambda row: row.delete(),
        lambda row: row.refresh_from_db(),
        lambda row: Account.objects.bulk_update([row], ["name"]),
        lambda row: Account.objects.update(parent=row),
        lambda row: Account.objects.filter(parent=row),
        lambda row: Account.objects.exclude(parent=row),
        lambda row: Account.objects.filter(parent__in=[row]),
        lambda row: Account.objects.filter(parent__in=iter([row])),
        lambda row: Account(code="1", name="A child", type="asset", parent=row),
        lambda row: setattr(Account.objects.get(code="9999"), "parent", row),
    ],
)
def test_a_row_cannot_be_used_in_another_tenant(account, globex, use):
    with activate(globex), pytest.raises(RowOfAnotherTenant, match="ledger"):
        use(account)

    with activate(globex):
        assert Account.objects.get(code="9999").name == "Of Globex"


@pytest.mark.parametrize(
    "use",
    [
        lambda user, group: user.save(),
        lambda user, group: user.delete(),
        lambda user, group: user.groups.count(),
        lambda user, group: user.groups.add(group),
        lambda user, group: group.user_set.count(),
        lambda user, group: group.save(),
        lambda user, group: EmailAddress.objects.filter(user=user),
        lambda user, group: EmailAddress(user=user, email="x@acme.example"),
    ],
)
def test_a_row_of_a_third_party_model_cannot_be_used_in_another_tenant(acme, globex, user, use):
    with activate(acme):
        group = Group.objects.first()

    with activate(globex), pytest.raises(RowOfAnotherTenant):
        use(user, group)


def test_a_row_cannot_be_used_on_the_other_plane(account, acme, operator):
    with pytest.raises(RowOfAnotherTenant):
        account.save()
    with activate(acme), pytest.raises(RowOfAnotherTenant):
        operator.save()


def test_a_created_row_belongs_to_the_tenant_of_its_insert(books, acme, globex):
    with activate(acme):
        created = Account.objects.create(code="8888", name="New", type="asset")
    with activate(globex), pytest.raises(RowOfAnotherTenant):
        created.save()


def test_an_unsaved_row_cannot_refer_to_a_row_of_another_tenant(account, globex):
    child = Account(code="1", name="A child", type="asset", parent=None)
    with activate(globex), pytest.raises(RowOfAnotherTenant):
        child.parent = account


def test_a_copy_belongs_to_the_tenant_of_the_original(account, globex):
    copied = pickle.loads(pickle.dumps(account))  # noqa: S301 - the test's own data
    with activate(globex), pytest.raises(RowOfAnotherTenant):
        copied.save()


def test_a_row_is_usable_in_its_own_tenant(account, acme):
    """Also with newer data of the same tenant."""
    with activate(acme), activate(Tenant.objects.get(slug="acme").info):
        account.refresh_from_db()
        account.name = "Renamed"
        account.save()
        child = Account.objects.create(code="1", name="A child", type="asset", parent=account)
        assert list(Account.objects.filter(parent=account)) == [child]
        assert list(Account.objects.filter(parent__in=[account])) == [child]


def test_an_unsaved_row_is_saved_in_any_tenant(acme, globex, books):
    with activate(acme):
        account = Account(code="7777", name="Unsaved", type="asset")
    with activate(globex):
        account.save()
        assert Account.objects.filter(code="7777").exists()


def test_a_row_of_a_platform_table_is_usable_in_every_tenant(acme):
    tenant = Tenant.objects.get(slug="acme")
    with activate(acme):
        assert Domain.objects.filter(tenant=tenant).exists()
        tenant.refresh_from_db()
        assert tenant.domains.count() == 1
        tenant.save()
