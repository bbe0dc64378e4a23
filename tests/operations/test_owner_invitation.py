"""The owner of a new tenant is invited like any user: no operator sees the link."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.bus import dispatch
from apps.bus.models import IdempotencyKey
from apps.identity.models import Invitation, User
from apps.kernel.tenant import activate
from apps.operations.commands import ResendOwnerInvitation
from apps.operations.errors import OwnerNotInvited
from apps.sagas.models import Run
from apps.tenancy.models import Tenant
from tests.support.settling import settle

pytestmark = pytest.mark.physical_copy
NEW = {"slug": "initech", "name": "Initech", "owner_email": "bill@initech.example", "currency": "EUR"}
LINK = re.compile(r"/accounts/(?:password/choose|invitation)/[^/\s]+/")
CHOICE = {"new_password": "purple monkey dishwasher", "repeated_password": "purple monkey dishwasher"}


def test_no_response_page_or_row_of_an_onboarding_has_the_link_of_the_owner(api, operator, mailoutbox):
    caller = api(operator, None)
    first, second = (caller.post("operations/onboardings/", NEW, key="k2") for _ in range(2))
    tenant = Tenant.objects.get(slug="initech")
    settle()

    page = caller.client.get(f"/tenants/{tenant.pk}/workflows/").content.decode()

    assert (first.status_code, second["Idempotency-Replayed"]) == (201, "true")
    assert first.json()["owner_invitation"]["state"] == "invited"
    texts = [first.content.decode(), second.content.decode(), page]
    stored = [row.response for row in IdempotencyKey.objects.all()]
    stored += [str(run.data) for run in Run.objects.all()]
    assert [text for text in (*texts, *stored) if LINK.search(text)] == []
    assert "Invitation of the owner, bill@initech.example: invited." in page
    assert [mail.to for mail in mailoutbox] == [["bill@initech.example"]]


def test_a_resend_voids_the_first_link_of_the_owner_and_ends_with_the_acceptance(
    client_for, operator, mailoutbox
):
    client = client_for(operator, None)
    client.post("/tenants/onboard/", NEW)
    tenant = Tenant.objects.get(slug="initech")
    resend = f"/tenants/{tenant.pk}/resend-owner-invitation/"
    settle()

    page = client.post(resend, {}, follow=True).content.decode()
    settle()
    first, second = (re.findall(r"http://localhost:8000(\S+)", mail.body)[0] for mail in mailoutbox)
    assert not LINK.search(page)
    assert Client().post(first, CHOICE).status_code == 410
    assert Client().post(second, CHOICE).status_code == 302

    refused = client.post(resend, {})
    settle()

    assert (refused.status_code, "it is accepted" in refused.content.decode()) == (409, True)
    assert len(mailoutbox) == 2
    with activate(tenant.info):
        assert User.objects.get().role_names == ["owner"]


def test_a_tenant_without_an_invited_owner_has_none_to_resend(operator):
    tenant = Tenant.objects.get(slug="acme")
    Tenant.objects.filter(pk=tenant.pk).update(owner_email="other@acme.example")

    with pytest.raises(OwnerNotInvited):
        dispatch(ResendOwnerInvitation(tenant_id=tenant.pk), actor=operator)
    with activate(tenant.info):
        assert not Invitation.objects.invited().exists()
