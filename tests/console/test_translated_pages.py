"""Pages and refusals in another language: no text of the product stays English, and placeholders are filled."""

from __future__ import annotations

import pytest
from django.conf.locale import LANG_INFO
from django.test import Client

from apps.audit.retention import classes
from apps.kernel.queues.policies import POLICIES
from apps.modules.registry import modules
from tests.support import pseudo_locale

TENANT = [
    "",
    "ledger/account/",
    "ledger/open-account/",
    "sales/order/?q=none",
    "periods/",
    "settings/",
    "audit/record/",
    "plan/",
]
OPERATOR = ["", "tenancy/tenant/", "queues/", "subscribers/", "modules/", "databases/", "events/delivery/"]
FRAMEWORK = """
    Select to view Light Dark Change password Log out results result Show all Successfully signed in as Filters counts
    Type search esc Any date Today Past days This month year Yes No Unknown Select all Currently Hold down Date Time
    hours minutes bytes Remove from sorting Toggle Has
"""
"""Words of Django, django-allauth and Unfold, which bring translations of their own."""
DATA = """
    Bursar Acme Corporation acme Globex globex example owner operator Olga Operator bursar Tue Nov Jan Feb Mar Apr May
    Jun Jul Aug Sep Oct Dec USD manual sandbox The suite Onboarding started Everything home
"""
"""Names of tenants, plans and actors, and months in Python's format."""
CODE = r"[a-z*]+[._][a-z._]+|true|false|UTC"
"""Keys of settings, names of events and subscribers."""


@pytest.fixture
def pseudo(tmp_path, settings, monkeypatch):
    monkeypatch.setitem(LANG_INFO, pseudo_locale.LANGUAGE, pseudo_locale.INFO)
    pseudo_locale.write_locale(tmp_path)
    settings.LANGUAGES = [(pseudo_locale.LANGUAGE, "Pseudo")]
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGE_CODE = pseudo_locale.LANGUAGE


def untranslated(page: str) -> set[str]:
    codes = {*POLICIES, *classes(), *(module.name for module in modules())}
    known = {*FRAMEWORK.split(), *DATA.split(), *(part for code in codes for part in code.split("-"))}
    return {text for text in pseudo_locale.untranslated(page, CODE) if not set(text.split()) <= known}


@pytest.mark.exhaustive("every page", over="path")
@pytest.mark.parametrize("path", TENANT)
def test_a_page_of_a_tenant_shows_no_untranslated_text(client_for, owner, pseudo, path):
    response = client_for(owner).get(f"/t/acme/{path}")

    assert response.status_code == 200
    assert untranslated(response.content.decode()) == set()


@pytest.mark.exhaustive("every page", over="path")
@pytest.mark.parametrize("path", OPERATOR)
def test_a_page_of_the_operator_shows_no_untranslated_text(client_for, operator, acme, pseudo, path):
    response = client_for(operator, None).get(f"/{path}")

    assert response.status_code == 200
    assert untranslated(response.content.decode()) == set()


def test_a_refusal_of_the_api_is_translated_with_its_placeholders_filled(acme, pseudo):
    problem = Client().get("/t/initech/api/v1/identity/me/").json()

    assert problem["title"] == "⟦Not Found⟧"
    assert problem["detail"].startswith("⟦")
    assert "initech" in problem["detail"]
    assert problem["code"] == "tenancy.tenant_unknown"


def test_accept_language_does_not_mix_languages(client_for, owner):
    client = client_for(owner)
    page = client.get("/t/acme/ledger/account/", headers={"Accept-Language": "de"}).content.decode()

    assert 'lang="en' in page
    assert "Select account to view" in page
