"""Forms that edit an existing thing, in both consoles; and the same edits over the API."""

from __future__ import annotations

import html
import re
from collections import defaultdict

import pytest

from apps.billing.commands import DefinePlan
from apps.bus import dispatch
from apps.bus.registry import commands, handled
from apps.console import hooks
from apps.console.edits import OPENED_WITH, EditPage
from apps.kernel.limits import LIMITS
from apps.sales.commands import ChangeCustomer
from apps.sales.models import Customer
from apps.settings.commands import ChangeSetting
from apps.settings.models import Setting
from tests.support.forms import hidden_inputs
from tests.support.plans import UNLIMITED
from tests.support.shop import ordered

CUSTOMERS = "/t/acme/api/v1/sales/customers"
JSON = "application/json"


@pytest.fixture
def page(shop, client_for, accountant):
    """The client, and the address of the form that edits the customer HOOLI."""
    return client_for(accountant), f"/t/acme/sales/customers/{shop.pk}/edit/"


def filled(hidden, **fields):
    return {**hidden, "name": "Hooli SE", "email": "ap@hooli.example", "address": "1 Hooli Way", **fields}


def test_a_customer_is_edited_by_a_form_with_the_present_values(page, shop):
    client, path = page
    form = client.get(path).content.decode()
    assert "1 Hooli Way" in form
    assert "Hooli Inc." in form

    response = client.post(path, filled(hidden_inputs(client, path)))

    assert response.status_code == 302, response.content
    assert Customer.objects.get(pk=shop.pk).name == "Hooli SE"


def test_a_stale_form_stores_nothing_and_compares_then_now_and_the_input(page, shop, controller):
    client, path = page
    hidden = hidden_inputs(client, path)
    dispatch(ChangeCustomer(customer_id=shop.pk, name="Hooli AG"), actor=controller)

    response = client.post(path, filled(hidden))

    shown = response.content.decode()
    assert response.status_code == 412
    assert Customer.objects.get(pk=shop.pk).name == "Hooli AG"
    row = re.search(r'<th scope="row">Name</th>(.*?)</tr>', shown)
    assert re.findall("<td>(.*?)</td>", row[1]) == ["Hooli Inc.", "Hooli AG", "Hooli SE"]
    assert "Email" not in re.findall(r'<th scope="row">(.*?)</th>', shown)
    assert re.search('name="name" value="Hooli AG"', shown)


def test_the_form_of_the_comparison_continues_from_the_present_values(page, shop, controller):
    client, path = page
    stale = hidden_inputs(client, path)
    dispatch(ChangeCustomer(customer_id=shop.pk, name="Hooli AG"), actor=controller)
    shown = client.post(path, filled(stale)).content.decode()
    hidden = {
        name: html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown)
    }

    assert client.post(path, filled(hidden)).status_code == 302
    assert Customer.objects.get(pk=shop.pk).name == "Hooli SE"


@pytest.mark.parametrize("odd", [None, True, -1, 10**30, "x", [], [[1]], [{}], {}, {"x": [None]}], ids=repr)
def test_values_of_a_crafted_form_are_compared_or_left_out(odd):
    """They come from the browser, so that a field may have any type."""
    views = [page.view for plane in hooks.PLANES for page in hooks.pages(plane)]

    for view in views:
        if isinstance(view, EditPage):
            assert view._readable_initial(defaultdict(lambda: odd)) is not None


def test_a_crafted_form_of_a_plan_is_stale(operator, client_for):
    dispatch(DefinePlan(code="some", name="Some", level=1, modules=(), limits=UNLIMITED), actor=operator)
    client, path = client_for(operator, None), "/plans/some/define/"
    fields = hidden_inputs(client, path) | {"name": "Other", "level": "1", "reason": "x"}
    fields |= dict.fromkeys(LIMITS, "-1")

    for odd in ("1", "[]", '"x"', "null", '{"x": [1]}'):
        carried = f'{{"level": {odd}, "limits": {odd}, "modules": {odd}, "name": {odd}}}'
        assert client.post(path, fields | {OPENED_WITH: carried}).status_code == 412, odd


@pytest.mark.parametrize("carried", ["", "[]", "{", '{"name": "x"}'])
def test_a_form_without_its_version_is_stale(page, shop, carried):
    client, path = page

    assert client.post(path, filled(hidden_inputs(client, path), **{OPENED_WITH: carried})).status_code == 412
    assert Customer.objects.get(pk=shop.pk).name == "Hooli Inc."


def test_an_invalid_form_still_carries_the_values_that_it_was_opened_with(page, shop, controller):
    """Otherwise a corrected form would undo the change of another person."""
    client, path = page
    hidden = hidden_inputs(client, path)
    dispatch(ChangeCustomer(customer_id=shop.pk, name="Hooli AG"), actor=controller)

    again = client.post(path, filled(hidden, email="nowhere")).content.decode()

    assert html.unescape(re.search(f'name="{OPENED_WITH}" value="([^"]*)"', again)[1]) == hidden[OPENED_WITH]


def test_the_error_of_a_field_is_tied_to_its_input(page, shop):
    client, path = page

    shown = client.post(path, filled(hidden_inputs(client, path), email="nowhere")).content.decode()

    assert re.search('name="email"[^>]* aria-describedby="[^"]*id_email_error"', shown)
    assert 'id="id_email_error"' in shown


def test_the_error_of_a_line_of_an_entry_is_tied_to_its_input(chart, client_for, accountant):
    lines = {f"form-0-{name}": value for name, value in (("account", "1000"), ("debit", "x"), ("credit", ""))}
    fields = lines | {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-currency": "USD"}

    shown = client_for(accountant).post("/t/acme/ledger/new-entry/", fields).content.decode()

    assert re.search('name="form-0-debit"[^>]* aria-describedby="id_form-0-debit_error"', shown)
    assert 'id="id_form-0-debit_error"' in shown


def test_a_setting_changed_meanwhile_is_compared(at_acme, client_for, controller):
    client, path = client_for(controller), "/t/acme/settings/periods.reason_length/change/"
    hidden = hidden_inputs(client, path)
    dispatch(ChangeSetting(key="periods.reason_length", value=25), actor=controller)

    response = client.post(path, {**hidden, "value": "30"})

    assert response.status_code == 412
    assert Setting.objects.get().value == 25


def test_each_command_that_edits_has_a_page_that_carries_the_version():
    """An edit without such a page would be undone by the next form of another person."""
    views = [page.view for plane in hooks.PLANES for page in hooks.pages(plane)]
    edited = {view.command for view in views if isinstance(view, EditPage)}

    assert {command for command in commands() if handled(command).edits} == edited


def test_the_api_edits_the_version_in_if_match(shop, client_for, accountant):
    client, path = client_for(accountant), f"{CUSTOMERS}/{shop.pk}/"
    etag = client.get(path).headers["ETag"]

    response = client.patch(path, {"email": ""}, content_type=JSON, headers={"If-Match": etag})

    assert (response.status_code, response.json()["email"], response.json()["name"]) == (
        200,
        "",
        "Hooli Inc.",
    )
    assert client.get(path).headers["ETag"] != etag


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 428, "bus.version_missing"),
        ({"If-Match": '"stale"'}, 412, "bus.edited_meanwhile"),
        ({"If-Match": "*"}, 400, "bus.version_malformed"),
        ({"If-Match": "stale"}, 400, "bus.version_malformed"),
    ],
)
def test_an_edit_over_the_api_without_the_present_version_is_refused(
    shop, client_for, accountant, headers, status, code
):
    client = client_for(accountant)

    response = client.patch(f"{CUSTOMERS}/{shop.pk}/", {"email": ""}, content_type=JSON, headers=headers)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert Customer.objects.get(pk=shop.pk).email == "ap@hooli.example"


def test_an_edit_over_the_api_without_permission_is_refused_first(shop, client_for, auditor):
    response = client_for(auditor).patch(f"{CUSTOMERS}/{shop.pk}/", {"email": ""}, content_type=JSON)

    assert response.status_code == 403


def test_a_weak_etag_of_a_compressing_proxy_is_accepted(shop, client_for, accountant):
    client, path = client_for(accountant), f"{CUSTOMERS}/{shop.pk}/"
    etag = client.get(path).headers["ETag"]

    assert (
        client.patch(path, {"email": ""}, content_type=JSON, headers={"If-Match": f"W/{etag}"}).status_code
        == 200
    )


@pytest.mark.parametrize("thing", ["customers", "items", "accounts", "companies"])
def test_each_edited_thing_has_the_same_protocol(shop, client_for, owner, thing):
    app = {"customers": "sales", "items": "inventory", "accounts": "ledger", "companies": "companies"}[thing]
    client, path = client_for(owner), f"/t/acme/api/v1/{app}/{thing}/"
    path += f"{client.get(path).json()['results'][0]['id']}/"
    etag = client.get(path).headers["ETag"]

    assert client.patch(path, {"name": "X"}, content_type=JSON).status_code == 428
    assert [
        client.patch(path, {"name": name}, content_type=JSON, headers={"If-Match": etag}).status_code
        for name in ("First", "Second")
    ] == [200, 412]
    assert client.get(path).json()["name"] == "First"


def test_the_buttons_of_an_inactive_customer_reactivate(page, shop, client_for, accountant):
    client, _ = page
    address = f"/t/acme/sales/customers/{shop.pk}"
    assert client.post(f"{address}/deactivate/", {"reason": "Closed."}).status_code == 302
    assert 'value="HOOLI"' not in client.get("/t/acme/sales/new-order/").content.decode()
    assert (
        f"{address}/reactivate/" in client.get(f"/t/acme/sales/customer/{shop.pk}/change/").content.decode()
    )
    assert client.post(f"{address}/reactivate/", {"reason": "Open."}).status_code == 302

    assert dispatch(ordered(), actor=accountant).customer == shop
