"""A person at both consoles, in a real browser against a real web process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from apps.audit.models import Record
from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.ledger.commands import OpenAccount
from apps.ledger.models import Entry
from apps.periods.models import Period
from config.env import env
from tests.acceptance.test_processes import answers, environment, eventually, port, running  # noqa: F401
from tests.conftest import PASSWORD

pytestmark = pytest.mark.skipif(
    not env().chromium.exists(), reason=f"there is no Chromium at {env().chromium}"
)
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=env().chromium, args=QUIET.split())
        yield browser
        browser.close()


@pytest.fixture
def web(environment, port) -> Iterator[str]:  # noqa: F811
    command = ("gunicorn", "config.wsgi", "-b", f"127.0.0.1:{port}", "-k", "gthread", "--threads", "4")
    with running(environment, *command, without="DATABASE_OWNER_URL DATABASE_RELAY_URL"):
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: answers(f"{address}/healthz"))
        yield address


@pytest.fixture(params=["light", "dark"])
def visit(request, browser, web) -> Iterator[Page]:
    """A page whose faults are gathered: console errors, failed and foreign requests."""
    context = browser.new_context(
        color_scheme=request.param, viewport={"width": 1360, "height": 900}, base_url=web
    )
    page, faults = watched(context, web)
    yield page
    context.close()
    assert faults == []


def watched(context: BrowserContext, home: str) -> tuple[Page, list[str]]:
    page, faults = context.new_page(), []
    page.on(
        "console", lambda said: said.type == "error" and not expected(said.text) and faults.append(said.text)
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda asked: foreign(asked.url, home) and faults.append(asked.url))
    return page, faults


def foreign(url: str, home: str) -> bool:
    return not url.startswith((home, "data:", "blob:", "about:"))


def expected(text: str) -> bool:
    """The browser writes every 4xx answer to its console; a refused form is one."""
    return "422" in text or "409" in text


def log_in(page: Page, console: str, email: str) -> None:
    page.goto(f"{console}/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
    expect(page.get_by_role("link", name="Dashboard")).to_be_visible()


@pytest.fixture
def chart(acme):
    with activate(acme):
        for code, name, kind in (("1000", "Cash", "asset"), ("4000", "Sales", "income")):
            dispatch(OpenAccount(code=code, name=name, type=kind), actor=System("The suite"))


def test_a_controller_closes_a_period_and_finds_it_in_the_trail(visit: Page, acme):
    log_in(visit, "/t/acme", "controller@acme.example")
    with activate(acme):
        january = Period.objects.order_by("starts_on").first().code

    visit.locator("a[href$='/t/acme/periods/']").first.click()
    visit.get_by_role("link", name=f"Close {january}").click()
    visit.get_by_label("Reason").fill("short")
    visit.get_by_role("button", name="Close period").click()
    expect(visit.get_by_role("alert")).to_contain_text("periods.reason_too_short")
    visit.get_by_label("Reason").fill("Bank agreed to the cent.")
    visit.get_by_role("button", name="Close period").click()
    expect(visit.get_by_text(f"Period {january} is closed")).to_be_visible()
    expect(visit.get_by_text("by Controller")).to_be_visible()

    visit.get_by_role("link", name="Audit trail").click()
    expect(visit.get_by_text(f"Controller closed period {january}.")).to_be_visible()
    expect(visit.get_by_text("Bank agreed to the cent.")).to_be_visible()
    with activate(acme):
        assert (
            Record.objects.get(command="periods.close_period", outcome="done").reason
            == "Bank agreed to the cent."
        )


def test_an_accountant_posts_an_entry_by_the_form(visit: Page, chart, acme):
    log_in(visit, "/t/acme", "accountant@acme.example")

    visit.get_by_role("link", name="New entry").click()
    visit.get_by_label("Memo").fill("Cash sale")
    visit.get_by_label("Account of line 1").fill("1000 Cash")
    visit.get_by_label("Debit of line 1").fill("12.50")
    expect(visit.get_by_text("out by 12.5")).to_be_visible()
    visit.get_by_label("Account of line 2").fill("4000 Sales")
    visit.get_by_label("Credit of line 2").fill("12.50")
    expect(visit.get_by_text("balanced")).to_be_visible()
    visit.get_by_role("button", name="Post").click()

    expect(visit.get_by_text("is posted.")).to_be_visible()
    with activate(acme):
        assert Entry.objects.get().memo == "Cash sale"


def test_an_operator_onboards_a_tenant_whose_owner_comes_in(visit: Page):
    log_in(visit, "", "operator@bursar.example")

    visit.get_by_role("link", name="Onboard a tenant").click()
    visit.get_by_label("Name", exact=False).first.fill("Initech")
    visit.get_by_label("Short name").fill("initech")
    visit.get_by_label("Owner's e-mail address").fill("bill@initech.example")
    visit.get_by_role("button", name="Onboard tenant").click()

    expect(visit.get_by_text("Initech is active").first).to_be_visible()
    link = visit.get_by_text("chooses a password here, once").inner_text().split("once: ")[1].strip()
    visit.goto("/" + link.split("/", 3)[3])
    visit.locator("input[name=password1]").fill("purple monkey dishwasher")
    visit.locator("input[name=password2]").fill("purple monkey dishwasher")
    visit.locator("form button[type=submit]").first.click()
    visit.goto("/t/initech/")
    visit.locator("input[name=login]").fill("bill@initech.example")
    visit.locator("input[name=password]").fill("purple monkey dishwasher")
    visit.locator("form button[type=submit]").first.click()
    expect(visit.get_by_text("Open periods")).to_be_visible()


PAGES = {
    "/t/acme": (
        "/",
        "/periods/",
        "/ledger/entry/",
        "/ledger/new-entry/",
        "/ledger/trial-balance/",
        "/sales/order/",
        "/sales/new-order/",
        "/sales/invoice/",
        "/inventory/item/",
        "/payments/payment/",
        "/audit/record/",
        "/identity/user/",
    ),
    "": (
        "/",
        "/tenancy/tenant/",
        "/tenants/onboard/",
        "/modules/",
        "/events/delivery/",
        "/subscribers/",
        "/subscribers/replay-events/",
    ),
}


@pytest.mark.parametrize(
    ("console", "email"), [("/t/acme", "owner@acme.example"), ("", "operator@bursar.example")]
)
def test_pages_can_be_used_by_everybody(visit: Page, console, email):
    """WCAG 2.2 A and AA by axe-core, in both themes."""
    from axe_playwright_python.sync_playwright import Axe

    axe, violations = Axe(), {}
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    visit.goto(f"{console}/accounts/login/")
    violations["login"] = found(axe, visit, rules)
    log_in(visit, console, email)
    for path in PAGES[console]:
        visit.goto(f"{console}{path}")
        visit.wait_for_load_state("networkidle")
        violations[path] = found(axe, visit, rules)

    assert {path: nodes for path, nodes in violations.items() if nodes} == {}


def found(axe, page: Page, rules) -> list[str]:
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in axe.run(page, options=rules).response["violations"]
        for node in each["nodes"]
    ]
