"""Edits of one thing by two people: the second one is refused."""

from __future__ import annotations

import pytest

from apps.audit.models import Record
from apps.bus import dispatch, dispatch_once, dry_run
from apps.bus.edits import version_of
from apps.bus.errors import EditedMeanwhile
from apps.bus.registry import handled
from apps.sales.commands import ChangeCustomer
from apps.sales.models import Customer
from apps.settings.commands import ChangeSetting
from tests.support.ledger_sql import raw
from tests.support.locks import wait_for_blocked
from tests.support.threads import in_tenant, in_thread


def version(command, key):
    return version_of(handled(command).edits.values(key, False))


@pytest.fixture
def seen(shop):
    """The version of the customer HOOLI that both people have read."""
    return version(ChangeCustomer, shop.pk)


def rename(customer, name, actor, version):
    return dispatch(ChangeCustomer(customer_id=customer.pk, name=name), actor=actor, version=version)


def test_an_edit_of_the_present_version_is_done(shop, seen, accountant):
    assert rename(shop, "Hooli SE", accountant, seen).name == "Hooli SE"


def test_the_second_edit_of_one_version_is_refused_and_changes_nothing(shop, seen, accountant, controller):
    rename(shop, "Hooli SE", accountant, seen)

    with pytest.raises(EditedMeanwhile):
        rename(shop, "Hooli AG", controller, seen)

    assert Customer.objects.get(pk=shop.pk).name == "Hooli SE"
    assert Record.objects.filter(command="sales.change_customer", outcome="refused").count() == 1


def test_a_change_of_a_value_that_is_not_edited_leaves_the_version(shop, seen):
    Customer.objects.filter(pk=shop.pk).update(is_active=False)

    assert version(ChangeCustomer, shop.pk) == seen


def test_a_dry_run_of_a_stale_edit_returns_the_refusal(shop, accountant):
    command = ChangeCustomer(customer_id=shop.pk, name="Hooli SE")

    (refusal,) = dry_run(command, actor=accountant, version="stale")

    assert isinstance(refusal, EditedMeanwhile)


def test_a_repeated_request_gets_its_first_result_although_the_version_is_stale(shop, seen, accountant):
    command = ChangeCustomer(customer_id=shop.pk, name="Hooli SE")
    for repeated in (False, True):
        outcome = dispatch_once(command, actor=accountant, key="k-1", version=seen)
        assert outcome.repeated is repeated


def test_a_stale_edit_leaves_its_key_free(shop, seen, accountant):
    command = ChangeCustomer(customer_id=shop.pk, name="Hooli SE")
    with pytest.raises(EditedMeanwhile):
        dispatch_once(command, actor=accountant, key="k-1", version="stale")

    assert not dispatch_once(command, actor=accountant, key="k-1", version=seen).repeated


def test_a_setting_without_a_row_is_edited_once(at_acme, controller):
    seen = version(ChangeSetting, "periods.reason_length")
    dispatch(ChangeSetting(key="periods.reason_length", value=25), actor=controller, version=seen)

    with pytest.raises(EditedMeanwhile):
        dispatch(ChangeSetting(key="periods.reason_length", value=30), actor=controller, version=seen)


def test_an_edit_that_waited_for_another_transaction_is_refused(acme, shop, seen, accountant):
    assert isinstance(edit_during_an_uncommitted_change(acme, shop, seen, accountant), EditedMeanwhile)
    assert Customer.objects.get(pk=shop.pk).name == "Hooli SE"


def test_without_the_lock_an_edit_undoes_the_change_of_another_transaction(
    acme, shop, seen, accountant, monkeypatch
):
    """The control."""

    def unlocked(command, edits):
        return edits.values(getattr(command, edits.key), False)

    monkeypatch.setattr("apps.bus.middleware.locked_values", unlocked)

    assert not isinstance(edit_during_an_uncommitted_change(acme, shop, seen, accountant), Exception)
    assert Customer.objects.get(pk=shop.pk).name == "Hooli AG"


def edit_during_an_uncommitted_change(acme, customer, seen, actor):
    """The outcome of an edit of the version `seen` that waits for the transaction of another edit."""

    def edit():
        try:
            return in_tenant(acme, lambda: rename(customer, "Hooli AG", actor, seen))
        except Exception as refusal:
            return refusal

    with raw(acme) as other:
        other.execute("UPDATE sales_customer SET name = 'Hooli SE' WHERE id = %s", [customer.pk])
        with in_thread(edit) as outcome:
            wait_for_blocked(by=other.info.backend_pid)
            other.commit()
    return outcome[0]
