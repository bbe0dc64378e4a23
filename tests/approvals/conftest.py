"""The person that is erased, with records in the audit log."""

from __future__ import annotations

import pytest

from apps.audit.commands import ErasePerson
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from tests.support.people import new_user


@pytest.fixture
def berta(at_acme, owner):
    user = new_user("berta@acme.example", "Berta Bauer", "owner", actor=owner)
    dispatch(FoundCompany(code="BER", name="Berta Ltd", currency="EUR"), actor=user)
    return user


@pytest.fixture
def erasure(berta):
    return ErasePerson(user_id=berta.pk, texts=("Berta Bauer",), reason="Requested by letter.")
