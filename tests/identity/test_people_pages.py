"""The console pages of users and their sessions."""

from __future__ import annotations

from apps.identity.models import ApiSession, User
from apps.kernel.tenant import activate
from tests.support.console_pages import edit


def test_roles_are_changed_on_their_page(client_for, owner, accountant, acme):
    client = client_for(owner)
    page = f"/t/acme/identity/users/{accountant.pk}/roles/"
    assert "accountant@acme.example" in client.get(page).content.decode()

    response = edit(client, page, {"roles": ["auditor", "controller"], "reason": "a new job"}, follow=True)

    assert "The roles of Accountant are now: auditor, controller." in response.content.decode()
    with activate(acme):
        assert User.objects.get(pk=accountant.pk).role_names == ["auditor", "controller"]


def test_a_user_is_deactivated_then_reactivated(client_for, owner, accountant, acme):
    client = client_for(owner)
    base = f"/t/acme/identity/users/{accountant.pk}"

    deactivated = client.post(f"{base}/deactivate/", {"reason": "left us"}, follow=True).content.decode()
    assert "is deactivated, and signed out everywhere." in deactivated
    assert f"{base}/reactivate/" in deactivated
    reactivated = client.post(f"{base}/reactivate/", {"reason": "is back"}, follow=True).content.decode()
    assert "can sign in again." in reactivated


def test_an_api_session_is_ended_on_its_page(client_for, device, owner, accountant, acme):
    session = device(accountant).tokens["session_id"]
    client = client_for(owner)
    assert "Accountant" in client.get("/t/acme/identity/apisession/").content.decode()
    assert (
        f"sessions/{session}/end/"
        in client.get(f"/t/acme/identity/apisession/{session}/change/").content.decode()
    )

    response = client.post(f"/t/acme/identity/sessions/{session}/end/", {"reason": "lost phone"}, follow=True)

    assert "has ended. Its next request is refused." in response.content.decode()
    with activate(acme):
        assert ApiSession.objects.get(pk=session).end_reason == "lost phone"


def test_operators_have_all_pages_except_roles(client_for, operator):
    client = client_for(operator, None)

    assert client.get(f"/identity/users/{operator.pk}/deactivate/").status_code == 200
    assert client.get("/identity/apisession/").status_code == 200
    assert client.get(f"/identity/users/{operator.pk}/roles/").status_code == 404


def test_a_controller_cannot_open_the_pages(client_for, controller, accountant):
    client = client_for(controller)

    for page in (f"users/{accountant.pk}/roles", f"users/{accountant.pk}/deactivate", "apisession"):
        assert client.get(f"/t/acme/identity/{page}/").status_code == 403
