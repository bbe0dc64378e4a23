"""Pages of flags in both consoles, in four looks; the slider by its handle, and a kill with its arrival."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from apps.flags.models import ChangeSet, Flag
from apps.kernel.tenant import activate
from tests.support.flag_changes import changed, killed, narrowed, proposed, published, segment, served_flag
from tests.support.looks import faults_of
from tests.support.pages import log_in
from tests.support.published_flags import KEY, plan

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")
HOME = "/t/acme"
RULES = [
    {
        "name": "canary",
        "when": {
            "all": [
                {"segment": "beta-testers"},
                {"attribute": "plan", "op": "in", "values": ["pro", "enterprise"]},
            ]
        },
        "serve": "on",
    },
    {"name": "half", "when": None, "split": [["on", 50.0], ["off", 50.0]], "unit": "user"},
]


@pytest.fixture
def flag(operator, acme, owner):
    """A flag with a plan of stages, rules, history and a draft, and others in the states of the list."""
    published(operator, segment("beta-testers", {"attribute": "tenant_slug", "op": "in", "values": ["acme"]}))
    served_flag(operator, "reports.heavy")
    served_flag(operator, "payments.disabled", enabled=False)
    served_flag(operator, "sales.killed-screen")
    killed(operator, "sales.killed-screen")
    served_flag(operator)
    staged = plan((1.0, 24), (25.0, 24), (100.0, 1), canary="beta-testers")
    published(operator, changed(rules=RULES, rollout=staged))
    proposed(operator, changed(roles=["controller"], rules=RULES))
    with activate(acme):
        published(owner, narrowed("reports.heavy", roles=["owner"]))
    return Flag.objects.get(key=KEY)


def test_the_pages_of_an_operator_are_accessible_and_readable_in_four_looks(visit: Page, flag, operator):
    log_in(visit, "", operator.email)
    draft = ChangeSet.objects.get(state="draft")
    faults = []
    for path in (
        "flag/",
        f"flag/{flag.pk}/change/",
        f"{flag.pk}/edit/",
        f"{flag.pk}/percentage/",
        f"{flag.pk}/history/",
        f"{flag.pk}/kill/",
        f"changeset/{draft.pk}/change/",
        "changeset/",
        "kill/",
        "matrix/",
        "new/",
        f"why/?flag={KEY}&tenant=acme&user=owner@acme.example",
    ):
        visit.goto(f"/flags/{path}")
        faults += faults_of(visit, f"operator/{path.partition('?')[0]}")

    assert not faults, "\n".join(faults)


def test_an_operator_slides_then_kills_and_sees_which_processes_serve_it(visit: Page, flag, operator):
    log_in(visit, "", operator.email)
    visit.goto(f"/flags/{Flag.objects.get(key='reports.heavy').pk}/percentage/")
    visit.get_by_label("Slider").fill("25")
    expect(visit.get_by_text("Affects").first).to_be_visible()
    assert visit.get_by_label("Percentage").input_value() == "25"

    visit.goto("/flags/flag/")
    visit.get_by_role("link", name="Kill reports.heavy").click()
    visit.get_by_label("Reason").fill("Reports block the database.")
    visit.get_by_role("button", name="Kill flag").click()
    expect(visit.get_by_role("heading", name="Processes that serve it")).to_be_visible()

    assert faults_of(visit, "operator/killed") == []


def test_the_pages_of_a_tenant_are_accessible_and_readable_in_four_looks(visit: Page, flag, owner):
    log_in(visit, HOME, owner.email)
    faults = []
    for path in (
        "feature-flags/",
        "feature-flags/reports.heavy/",
        "feature-flags/reports.heavy/narrow/",
        "feature-flags/reports.heavy/kill/",
        "flags/why/?flag=reports.heavy",
        "flags/changeset/",
        "flags/changeset/1/change/",
        "flags/kill/",
    ):
        visit.goto(f"{HOME}/{path}")
        faults += faults_of(visit, f"tenant/{path.partition('?')[0]}")

    assert not faults, "\n".join(faults)
