"""Lists declare their filters, their CSV file and their totals; the file has the rows of the list and no others."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import re
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import DateTimeField
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.bus import dispatch
from apps.console.admin import ReadOnlyAdmin
from apps.console.lists import amounts, csv_file
from apps.console.lists.amounts import amount_of
from apps.console.sites import tenant_site
from apps.kernel.notation.shown import shown_instant
from apps.ledger.commands import DraftEntry
from apps.ledger.models import Entry
from apps.periods.models import Period
from apps.settings.commands import ChangeSetting
from tests.support.books import FEB_9, JAN_9, line, sale
from tests.support.console_pages import LISTS
from tests.support.shop import ordered

DECLARED = [
    pytest.param(admin, id=f"{plane} {admin.opts.label_lower}")
    for plane, admin in LISTS
    if isinstance(admin, ReadOnlyAdmin)
]
MONEY = re.compile(r"amount|total|turnover|price|refunded|unused")
ENTRIES = "/t/acme/ledger/entry/"


@pytest.mark.parametrize("admin", DECLARED)
def test_a_list_declares_filters_search_file_and_what_creates_its_rows_or_gives_a_reason(admin):
    assert admin.list_filter or admin.date_hierarchy or admin.unfiltered
    assert admin.search or admin.search_fields
    assert admin.creating_page or admin.created_by
    assert bool(admin.without_csv) == ("csv/" not in [str(url.pattern) for url in admin.get_urls()])


@pytest.mark.parametrize("admin", DECLARED)
def test_a_column_of_a_list_with_amounts_is_aligned(admin):
    columns = [name for name in admin.list_display if isinstance(name, str) and MONEY.search(name)]

    assert [name for name in columns if amount_of(admin, name) is None] == []


@pytest.mark.parametrize("admin", DECLARED)
def test_a_list_of_a_table_with_instants_filters_by_one_or_has_few_rows(admin):
    """Tables that grow: those with a state and an instant."""
    names = {field.name for field in admin.opts.get_fields() if isinstance(field, DateTimeField)}
    declared = {item[0] if isinstance(item, tuple) else item for item in admin.list_filter}

    assert (
        not names or admin.unfiltered or admin.date_hierarchy or declared & names or "is_active" in declared
    )


@pytest.fixture
def entries(chart, controller):
    """One of January, two of February, of which one is in euros, and a draft that is no formula."""
    dispatch(sale("1234.50"), actor=controller)
    dispatch(sale("20", FEB_9), actor=controller)
    dispatch(sale("7", FEB_9, "EUR"), actor=controller)
    lines = (line("1000", "3"), line("4000", "-3"))
    dispatch(DraftEntry(posted_on=FEB_9, memo="=1+2", payee="Zoë", lines=lines), actor=controller)


def file_of(client, query=""):
    response = client.get(f"{ENTRIES}csv/{query}")
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def csv_link(page):
    return html.unescape(re.search(r'href="(csv/[^"]*)"', page)[1])


def test_the_file_has_the_rows_of_filter_and_search(entries, client_for, accountant, at_acme):
    client = client_for(accountant)
    january = Period.objects.get(starts_on=dt.date(JAN_9.year, 1, 1))
    query = f"?period__id__exact={january.pk}&q=sale&o=-2&p=1"

    page = client.get(ENTRIES + query).content.decode()
    rows = file_of(client, csv_link(page).removeprefix("csv/"))

    assert "period__id__exact" in csv_link(page)
    assert [(row["Amount"], row["Amount: currency"], row["Memo"]) for row in rows] == [
        ("1234.50", "USD", "A sale")
    ]
    assert len(file_of(client)) == 4
    assert [row["Payee"] for row in file_of(client, "?q=zoe")] == ["Zoë"]


def test_a_text_in_the_file_is_no_formula(entries, client_for, accountant):
    (row,) = file_of(client_for(accountant), "?status__exact=draft")

    assert (row["Memo"], row["Posted on"], row["Status"]) == ("'=1+2", str(FEB_9), "Draft")


def test_the_file_needs_the_permission_of_the_list(entries, client_for, user_without_role):
    assert client_for(user_without_role).get(f"{ENTRIES}csv/").status_code == 403


def test_a_file_of_an_undeclared_filter_or_of_too_many_rows_is_refused(
    entries, client_for, accountant, monkeypatch
):
    client = client_for(accountant)
    monkeypatch.setattr(csv_file, "MAX_ROWS", 3)

    assert client.get(f"{ENTRIES}csv/?memo__regex=a").status_code == 400
    assert "console.too_many_rows" in client.get(f"{ENTRIES}csv/").content.decode()


def test_the_totals_are_those_of_the_whole_list_by_currency(entries, client_for, accountant, monkeypatch):
    monkeypatch.setattr(ReadOnlyAdmin, "list_per_page", 1)
    client = client_for(accountant)

    def totals(query=""):
        page = client.get(ENTRIES + query).content.decode()
        listed = re.search(r'<dl class="console-totals">(.*?)</dl>', page, re.DOTALL)
        return re.findall(r"[0-9.,]+ [A-Z]{3}", listed[1]) if listed else []

    assert totals() == ["7.00 EUR", "1,257.50 USD"]
    assert totals("?status__exact=draft") == ["3.00 USD"]
    assert totals("?q=no-such-entry") == []


def test_a_large_list_without_a_filter_has_no_totals(entries, client_for, accountant, monkeypatch):
    monkeypatch.setattr(amounts, "MAX_UNFILTERED_ROWS", 3)
    client = client_for(accountant)

    pages = {
        query: client.get(ENTRIES + query).content.decode()
        for query in ("", "?o=-2", "?status__exact=posted", "?q=sale")
    }

    shown = {
        query: ("console-totals" in page, "Filter the list to see its total." in page)
        for query, page in pages.items()
    }
    assert shown == {
        "": (False, True),
        "?o=-2": (False, True),
        "?status__exact=posted": (True, False),
        "?q=sale": (True, False),
    }


def test_totals_of_a_list_without_a_filter_read_its_rows_once(entries, client_for, accountant):
    with CaptureQueriesContext(connection) as queries:
        client_for(accountant).get(ENTRIES)

    sums = [query["sql"] for query in queries if "SUM(" in query["sql"]]
    assert (len(sums), [sql for sql in sums if " IN (SELECT" in sql]) == (1, [])


def test_filters_by_provider_and_type_have_the_known_values_without_a_query(shop, client_for, owner, at_acme):
    client = client_for(owner)
    lists = ("sales/order", "sales/invoice", "payments/payment", "payments/credit", "attachments/attachment")

    for name in lists:
        with CaptureQueriesContext(connection) as queries:
            filters = client.get(f"/t/acme/{name}/").context_data["cl"].filter_specs
        choices = {
            spec.field_path: spec.lookup_choices
            for spec in filters
            if hasattr(spec, "lookup_choices") and hasattr(spec, "field_path")
        }
        assert "sandbox" in choices.get("provider", ["sandbox"]), name
        assert "sales.invoice" in choices.get("subject_type", ["sales.invoice"]), name
        read = re.compile(r'DISTINCT "\w+"."(provider|subject_type)"')
        assert [query["sql"] for query in queries if read.search(query["sql"])] == []


def test_instants_are_shown_in_the_time_zone_of_the_tenant(entries, client_for, controller, at_acme):
    dispatch(ChangeSetting(key="companies.time_zone", value="America/New_York"), actor=controller)
    entry = Entry.objects.order_by("pk").first()
    local = entry.created_at.astimezone(ZoneInfo("America/New_York"))

    page = client_for(controller).get(f"{ENTRIES}{entry.pk}/change/").content.decode()

    assert f"{local:%Y-%m-%d %H:%M %Z}" in page
    assert str(JAN_9) in page


def test_instants_of_a_file_are_in_the_time_zone_of_its_list(entries, client_for, controller, at_acme):
    """Its rows are written after the request, when the time zone of the tenant has ended."""
    dispatch(ChangeSetting(key="companies.time_zone", value="America/New_York"), actor=controller)
    entry = Entry.objects.order_by("pk").first()
    zone = ZoneInfo("America/New_York")

    class Columns(ReadOnlyAdmin):
        def shown(self, row):
            return shown_instant(row.created_at)

        shown.short_description = "Shown"

        def raw(self, row):
            return row.created_at

        raw.short_description = "Raw"

    columns = Columns(Entry, tenant_site)
    listed = SimpleNamespace(
        list_display=["created_at", "shown", "raw"],
        result_count=1,
        queryset=Entry.objects.filter(pk=entry.pk),
    )
    with timezone.override(zone):
        response = csv_file.response(columns, listed)
    (row,) = csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode()))

    assert set(row.values()) == {f"{entry.created_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"}


def test_orders_are_filtered_by_customer_only_with_the_permission_to_view_customers(
    shop, client_for, accountant, at_acme
):
    order = dispatch(ordered(), actor=accountant)
    orders, number = "/t/acme/sales/order/", f">{order.number}<"

    client = client_for(accountant)
    assert number in client.get(f"{orders}?customer_code=hooli").content.decode()
    assert number not in client.get(f"{orders}?customer_code=unknown").content.decode()

    accountant.groups.clear()
    accountant.user_permissions.set(Permission.objects.filter(codename="view_order"))
    assert number in client_for(accountant).get(f"{orders}?customer_code=unknown").content.decode()
