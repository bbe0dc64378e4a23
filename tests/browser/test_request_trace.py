"""Request trace in both consoles."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.events.deliveries import deliver
from apps.events.models import Delivery
from apps.events.relay import route
from apps.kernel.correlation import correlated
from apps.kernel.tenant import activate
from apps.settings.commands import ChangeSetting
from tests.support.pages import RULES, log_in, violations

REQUEST = "trace-of-a-request"


@pytest.fixture
def traced_request(acme, owner):
    with activate(acme), correlated(REQUEST):
        dispatch(FoundCompany(code="PLANT", name="Acme Plant", currency="EUR"), actor=owner)
        with pytest.raises(CompanyCodeTaken):
            dispatch(FoundCompany(code="PLANT", name="Again", currency="EUR"), actor=owner)
        dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)
    route()
    with activate(acme):
        for delivery in Delivery.objects.filter(event__correlation_id=REQUEST)[:1]:
            deliver(delivery.pk)


@pytest.mark.exhaustive("axe-core over each page in both themes")
@pytest.mark.parametrize(
    ("console", "email"), [("/t/acme", "auditor@acme.example"), ("", "operator@bursar.example")]
)
def test_a_request_trace_is_found_by_its_id_and_accessible(traced_request, visit: Page, console, email):
    log_in(visit, console, email)
    visit.get_by_role("link", name="Request trace").click()
    nothing = violations(visit, RULES)
    visit.get_by_label("Correlation id").fill(REQUEST)
    visit.get_by_role("button", name="Look up").click()

    expect(visit.get_by_text("founded the company Acme Plant.")).to_be_visible()
    expect(visit.get_by_text("was refused: There is already a company PLANT.")).to_be_visible()
    expect(visit.get_by_text("Event published: setting was changed")).to_be_visible()
    visit.wait_for_load_state("networkidle")
    assert nothing + violations(visit, RULES) == []


@pytest.mark.slow("a browser and a web process")
def test_a_record_of_the_audit_log_links_to_its_request_trace(traced_request, visit: Page):
    log_in(visit, "/t/acme", "auditor@acme.example")
    visit.goto("/t/acme/audit/record/")
    visit.get_by_role("link", name="founded the company Acme Plant.").first.click()
    visit.get_by_role("link", name="request trace", exact=True).click()

    expect(visit.get_by_text("Company Acme Plant was made.")).to_be_visible()
