"""A row that was read for one tenant is of no use in another, whichever way it would get there."""

from __future__ import annotations

import pickle

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group

from apps.identity.models import User
from apps.kernel.row_guard import RowOfAnotherTenant
from apps.kernel.tenant import activate
from apps.ledger.models import Account, Journal
from apps.tenancy.models import Domain, Tenant


@pytest.fixture
def books(acme, globex):
    """The same account, with the same number, in both."""
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
def test_a_row_is_of_no_use_elsewhere(account, globex, use):
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
def test_nor_is_one_of_a_model_that_is_not_ours(acme, globex, user, use):
    with activate(acme):
        group = Group.objects.first()

    with activate(globex), pytest.raises(RowOfAnotherTenant):
        use(user, group)


def test_nor_at_the_platform_nor_the_platforms_at_a_tenant(account, acme, operator):
    with pytest.raises(RowOfAnotherTenant):
        account.save()
    with activate(acme), pytest.raises(RowOfAnotherTenant):
        operator.save()


def test_what_was_made_and_saved_is_of_where_that_was_done(books, acme, globex):
    with activate(acme):
        made = Account.objects.create(code="8888", name="New", type="asset")
    with activate(globex), pytest.raises(RowOfAnotherTenant):
        made.save()


def test_so_is_what_has_a_relation_and_was_not_saved(account, globex):
    child = Account(code="1", name="A child", type="asset", parent=None)
    with activate(globex), pytest.raises(RowOfAnotherTenant):
        child.parent = account


def test_a_copy_is_where_its_original_is(account, globex):
    copied = pickle.loads(pickle.dumps(account))  # noqa: S301 - our own
    with activate(globex), pytest.raises(RowOfAnotherTenant):
        copied.save()


def test_at_home_nothing_is_refused(account, acme):
    """Also when what is known of the tenant has changed meanwhile."""
    with activate(acme), activate(Tenant.objects.get(slug="acme").info):
        account.refresh_from_db()
        account.name = "Renamed"
        account.save()
        child = Account.objects.create(code="1", name="A child", type="asset", parent=account)
        assert list(Account.objects.filter(parent=account)) == [child]
        assert list(Account.objects.filter(parent__in=[account])) == [child]


def test_a_row_that_stands_nowhere_yet_is_nobodys(acme, globex, books):
    with activate(acme):
        account = Account(code="7777", name="Anybody's", type="asset")
    with activate(globex):
        account.save()
        assert Account.objects.filter(code="7777").exists()


def test_what_the_platform_alone_has_goes_everywhere(acme):
    tenant = Tenant.objects.get(slug="acme")
    with activate(acme):
        assert Domain.objects.filter(tenant=tenant).exists()
        tenant.refresh_from_db()
        assert tenant.domains.count() == 1
        tenant.save()
