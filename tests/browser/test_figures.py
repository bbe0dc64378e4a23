"""Each figure of a tenant's dashboard opens its list."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.sales.commands import SetUpSales
from tests.support.books import sale
from tests.support.pages import log_in, page_is_accessible

pytestmark = pytest.mark.exhaustive("a browser, and axe-core over the dashboard and a statement")


def test_each_figure_of_the_dashboard_opens_its_list(visit: Page, acme, owner, controller):
    with activate(acme):
        dispatch(SetUpSales(), actor=controller)
        dispatch(sale("12.34"), actor=controller)
    log_in(visit, "/t/acme", owner.email)
    page_is_accessible(visit, "dashboard")
    figures = visit.locator(".console-figure")
    expect(figures.first).to_contain_text("Cash")
    expect(figures.first).to_contain_text("12.34 USD")

    links = figures.locator(".console-figure-title a")
    titles = links.all_inner_texts()
    assert titles[:4] == ["Cash", "Receivables", "Result", "Open periods"]
    for number, title in enumerate(titles):
        links.nth(number).click()
        expect(visit, title).not_to_have_url(re.compile(r"/t/acme/$"))
        expect(visit.get_by_role("link", name="Dashboard").first, title).to_be_visible()
        visit.go_back()

    links.first.click()
    expect(visit.get_by_text("12.34 USD").first).to_be_visible()
    page_is_accessible(visit, "account statement")
