"""The way of `manage.py onboard` through the code, as the page of the app draws it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.support.reading_path import reading_path_of

PAGE = Path(__file__).parents[2] / "apps/operations/README.md"
DRAWN = re.compile(r"^\d+\. `([a-z_/.]+)`", re.MULTILINE)
RETURNS = [
    "tenancy/hookimpls.py → tenancy/rules.py",
    "tenancy/rules.py → tenancy/tenant_names.py",
    *["sagas/executor.py → sagas/claims.py"] * 2,
    "tenancy/handlers.py → tenancy/tenant_names.py",
    "tenancy/handlers.py → tenancy/rules.py",
]
"""The name is compared with those of other tenants; the claim and its check frame each transition; the host is made of
the name and is free."""


@pytest.mark.exhaustive("traces an onboarding")
@pytest.mark.physical_copy
def test_the_page_draws_the_files_of_an_onboarding_in_the_order_of_their_calls(operator):
    path = reading_path_of(
        lambda: call_command("onboard", "initech", name="Initech", owner_email="bill@initech.example"),
        table="tenancy_tenant",
    )

    assert path.files == DRAWN.findall(PAGE.read_text())
    assert [f"{caller} → {called}" for caller, called, _ in path.returns] == RETURNS
