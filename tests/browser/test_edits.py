"""Two people who edit one customer, and a renamed tenant with its redirect."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.sales.commands import AddCustomer, ChangeCustomer
from apps.sales.models import Customer
from tests.support.pages import log_in, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


def test_the_second_of_two_people_compares_and_continues_from_the_present_values(
    visit: Page, acme, accountant, controller
):
    with activate(acme):
        customer = dispatch(AddCustomer(code="HOOLI", name="Hooli Inc.", address="1 Way"), actor=controller)
    log_in(visit, "/t/acme", accountant.email)
    visit.goto(f"/t/acme/sales/customer/{customer.pk}/change/")
    visit.get_by_role("link", name="Edit").click()
    visit.get_by_label("Name").fill("Hooli SE")
    with activate(acme):
        dispatch(ChangeCustomer(customer_id=customer.pk, name="Hooli AG"), actor=controller)

    visit.get_by_role("button", name="Change customer").click()

    row = visit.get_by_role("row", name="Name")
    expect(row.get_by_role("cell")).to_have_text(["Hooli Inc.", "Hooli AG", "Hooli SE"])
    expect(visit.get_by_label("Name")).to_have_value("Hooli AG")
    assert violations(visit) == []

    visit.get_by_label("Name").fill("Hooli SE")
    visit.get_by_role("button", name="Change customer").click()
    expect(visit.get_by_text("Customer HOOLI Hooli SE was changed.")).to_be_visible()
    with activate(acme):
        assert Customer.objects.get().name == "Hooli SE"


def test_a_renamed_tenant_is_reached_by_its_former_address(visit: Page, acme, operator):
    log_in(visit, "", operator.email)
    visit.goto(f"/tenancy/tenant/{acme.id}/change/")
    visit.get_by_role("link", name="Rename").click()
    visit.get_by_label("Short name").fill("apex")
    visit.get_by_label("Reason").fill("Merged.")
    assert violations(visit) == []
    visit.get_by_role("button", name="Rename tenant").click()
    expect(visit.get_by_text("Requests to former addresses are redirected.")).to_be_visible()

    visit.goto("/t/acme/sales/customer/?q=bolt")

    expect(visit).to_have_url(re.compile("/t/apex/accounts/login/"))
    log_in(visit, "/t/acme", "owner@acme.example")
    expect(visit).to_have_url(re.compile("/t/apex/$"))
