"""Links to choose a password: to known addresses only, named after the tenant, with the host of the configuration."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.audit.models import Record
from apps.identity.accounts import tasks
from apps.identity.models import ApiSession, User
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from tests.support.database import PASSWORD

PAGE = "/t/acme/accounts/password/reset/"
NEW = "purple monkey dishwasher"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """The task runs in the request, as a worker would run it for the tenant that sent it."""
    monkeypatch.setattr(tasks.send_password_link, "delay", tasks.send_password_link.run)


def link_in(mail) -> str:
    (link,) = re.findall(r"https?://\S+", mail.body)
    return link


def path_of(link: str) -> str:
    return re.sub(r"^https?://[^/]+", "", link)


@pytest.fixture
def link(owner, acme, mailoutbox) -> str:
    Client().post(PAGE, {"email": owner.email})
    return link_in(mailoutbox[0])


def test_a_link_is_sent_once_to_a_known_address(owner, acme, mailoutbox):
    response = Client().post(PAGE, {"email": owner.email.upper()}, follow=True)

    (mail,) = mailoutbox
    assert mail.to == [owner.email]
    assert "Acme" in mail.subject
    assert "Acme" in mail.body
    assert "is on its way" in response.content.decode()


def test_an_unknown_address_gets_no_e_mail_and_the_same_page(owner, acme, mailoutbox):
    known = Client().post(PAGE, {"email": owner.email}, follow=True)
    mailoutbox.clear()

    unknown = Client().post(PAGE, {"email": "stranger@elsewhere.example"}, follow=True)

    assert mailoutbox == []
    assert (unknown.status_code, unknown.redirect_chain, unknown.content) == (
        known.status_code,
        known.redirect_chain,
        known.content,
    )


def test_a_deactivated_user_gets_no_e_mail(owner, acme, mailoutbox):
    with activate(acme):
        User.objects.filter(pk=owner.pk).update(is_active=False)

    Client().post(PAGE, {"email": owner.email})

    assert mailoutbox == []


@pytest.mark.parametrize("host", ["acme.localhost", "acme.localhost:8666", "127.0.0.1:99"])
def test_the_host_of_the_request_is_not_in_the_link(owner, acme, mailoutbox, settings, host):
    settings.PUBLIC_URL = "https://books.example.com"
    path = PAGE.removeprefix("/t/acme") if host.startswith("acme") else PAGE

    Client().post(path, {"email": owner.email}, headers={"host": host, "x-forwarded-host": "evil.example"})

    assert link_in(mailoutbox[0]).startswith("https://books.example.com/t/acme/accounts/password/choose/")


def test_password_links_to_an_address_are_limited(owner, acme, mailoutbox):
    statuses = {
        Client().post(PAGE, {"email": owner.email}, REMOTE_ADDR=f"198.51.100.{number}").status_code
        for number in range(9)
    }

    assert len(mailoutbox) == 3
    assert statuses == {302}


def test_requests_for_password_links_by_a_source_are_limited(acme):
    statuses = [
        Client().post(PAGE, {"email": f"{number}@elsewhere.example"}).status_code for number in range(12)
    ]

    assert statuses == [302] * 10 + [429] * 2


def test_the_link_sets_the_password_once_and_ends_all_sessions(owner, acme, device, mailoutbox):
    device(owner)
    Client().post(PAGE, {"email": owner.email})
    link, visitor, form = link_in(mailoutbox[0]), Client(), {"new_password": NEW, "repeated_password": NEW}
    assert "owner@acme.example" in visitor.get(path_of(link)).content.decode()

    assert visitor.post(path_of(link), form).status_code == 302
    assert visitor.post(path_of(link), form).status_code == 410

    assert visitor.get(path_of(link)).status_code == 410
    with activate(acme):
        assert not ApiSession.objects.open().exists()
    signed_in = visitor.post("/t/acme/accounts/login/", {"login": owner.email, "password": NEW})
    assert signed_in.status_code == 302
    with activate(acme):
        assert Record.objects.filter(command="identity.reset_password", outcome="done").count() == 1


def test_a_weak_password_is_refused_and_the_link_stays_valid(link, owner, acme):
    visitor = Client()

    weak = visitor.post(path_of(link), {"new_password": "a" * 12, "repeated_password": "a" * 12})

    assert weak.status_code == 422
    assert "different characters" in weak.content.decode()
    assert visitor.get(path_of(link)).status_code == 200


def test_a_link_of_one_tenant_is_invalid_at_another(link, owner, acme, globex):
    path = path_of(link).replace("/t/acme/", "/t/globex/")

    assert Client().get(path).status_code == 410


def test_the_link_does_not_sign_in_a_visitor(link, acme):
    visitor = Client()
    visitor.post(path_of(link), {"new_password": NEW, "repeated_password": NEW})

    assert visitor.get("/t/acme/").status_code == 302
    assert PASSWORD != NEW


def test_a_new_password_by_link_makes_the_browser_known_so_the_limit_of_the_account_does_not_stop_it(
    link, owner
):
    client = Client()

    client.post(path_of(link), {"new_password": NEW, "repeated_password": NEW})

    assert [name for name in client.cookies if name.startswith("bursar_device")]


def test_an_address_with_a_lookalike_letter_is_another_address(acme, mailoutbox):
    """PostgreSQL's upper() makes I of the dotless i, which Python's casefold() keeps: each spelling had own limits."""
    with activate(acme):
        User.objects.create(email="admin@acme.example", name="Admin", joined_at=now())

    Client().post(PAGE, {"email": "adm\N{LATIN SMALL LETTER DOTLESS I}n@acme.example"})

    assert mailoutbox == []
    with activate(acme):
        assert User.objects.with_email("ADMIN@acme.example").name == "Admin"
        assert User.objects.with_email("adm\N{LATIN SMALL LETTER DOTLESS I}n@acme.example") is None
