"""Every address of sign-in and accounts, with the reason why it is mounted. A new one fails until it has a reason."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from apps.identity.models import User
from apps.kernel.tenant import activate
from tests.support.attack_surface import OPERATORS, TENANTS, addresses
from tests.support.database import PASSWORD
from tests.support.two_at_work import FIRST

REASONS = {
    "/accounts/login/": "sign-in by address and password",
    "/accounts/logout/": "sign-out, by POST",
    "/accounts/invitation/1/": "an invited person chooses a password by a signed link",
    "/accounts/invitation-accepted/": "the account is ready, with the way to sign-in",
    "/accounts/address/1/": "confirms a requested e-mail address by a signed link",
}
OF_THE_CONSOLE = {
    "/login/": "redirects to sign-in",
    "/logout/": "the console's button, by POST",
    "/password_change/": "our page, in place of Django's",
}
RESET = {
    "/accounts/password/reset/": "asks for a link to choose a password",
    "/accounts/password/reset/done/": "says that the link is on its way",
    "/accounts/password/choose/1/": "chooses a password by link",
    "/accounts/password/chosen/": "the password is set",
}
SECOND = "second@elsewhere.example"


@pytest.mark.parametrize("urlconf", [TENANTS, OPERATORS])
def test_each_mounted_address_of_accounts_has_a_reason(urlconf):
    mounted = {address for address in addresses(urlconf) if address.startswith("/accounts/")}

    assert {address.replace(str(FIRST), "1") for address in mounted} == REASONS.keys() | RESET.keys()


@pytest.mark.parametrize("urlconf", [TENANTS, OPERATORS])
def test_each_page_of_djangos_admin_for_accounts_has_a_reason(urlconf):
    words = ("password", "login", "logout")
    mounted = {
        address
        for address in addresses(urlconf)
        if any(word in address for word in words) and not address.startswith(("/accounts/", "/api/"))
    }

    assert mounted == OF_THE_CONSOLE.keys()


@pytest.mark.parametrize("action", ["action_add", "action_primary"])
def test_an_open_session_adds_no_address_by_allauths_page(client_for, owner, acme, action):
    response = client_for(owner).post("/t/acme/accounts/email/", {"email": SECOND, action: ""})

    assert response.status_code == 404
    with activate(acme):
        assert not EmailAddress.objects.exists()
        assert User.objects.get(pk=owner.pk).email == owner.email


def test_a_second_address_of_allauth_neither_signs_in_nor_resets(owner, acme, mailoutbox):
    with activate(acme):
        EmailAddress.objects.create(user=owner, email=SECOND, verified=True, primary=True)
    client = Client()

    signed_in = client.post("/t/acme/accounts/login/", {"login": SECOND, "password": PASSWORD})
    client.post("/t/acme/accounts/password/reset/", {"email": SECOND})

    assert signed_in.status_code != 302
    assert mailoutbox == []
