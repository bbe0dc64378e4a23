"""The page of queues refreshes without reloading."""

from __future__ import annotations

import time

import pytest
from celery import current_app
from playwright.sync_api import Page, expect

from apps.kernel.queues import wait_times
from tests.support.pages import log_in, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


def test_an_alert_appears_without_a_click(visit: Page, operator, monkeypatch):
    log_in(visit, "", operator.email)
    visit.get_by_role("link", name="Queues").first.click()
    expect(visit.get_by_role("rowheader", name="financial")).to_be_visible()
    expect(visit.get_by_text("waits too long")).to_have_count(0)

    with monkeypatch.context() as then:
        sent = time.time() - 45
        then.setattr(wait_times.time, "time", lambda: sent)
        current_app.send_task("tests.nothing", queue="financial", headers={"tenant": "public"})

    expect(visit.get_by_text("waits too long", exact=True)).to_be_visible()
    assert violations(visit) == []
