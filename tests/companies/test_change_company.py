"""Changing the data of a company."""

from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.companies.commands import ChangeCompany
from apps.companies.errors import CompanyNameMissing, CompanyUnknown, CountryMalformed
from apps.companies.models import Company


@pytest.fixture
def company(at_acme):
    return Company.objects.get()


def change(company, actor, **fields):
    return dispatch(ChangeCompany(company_id=company.pk, **fields), actor=actor)


def test_a_changed_company_has_its_former_name_in_the_field_history(company, owner):
    change(company, owner, name="Acme AG", country="DE")

    company.refresh_from_db()
    assert (company.name, company.country, company.code) == ("Acme AG", "DE", "MAIN")
    assert [row.name for row in company.history.order_by("history_id")][-2:] == [
        "Acme Corporation",
        "Acme AG",
    ]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": ""}, CompanyNameMissing),
        ({"country": "Germany"}, CountryMalformed),
        ({"country": "de"}, CountryMalformed),
    ],
)
def test_an_invalid_change_is_refused(company, owner, fields, refusal):
    with pytest.raises(refusal):
        change(company, owner, **fields)


def test_an_unknown_company_is_not_changed(at_acme, owner):
    with pytest.raises(CompanyUnknown):
        dispatch(ChangeCompany(company_id=77, name="X"), actor=owner)


def test_an_accountant_may_not_change_a_company(company, accountant):
    with pytest.raises(PermissionDenied):
        change(company, accountant, name="X")
