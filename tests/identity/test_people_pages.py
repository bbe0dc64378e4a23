"""The console's pages about people and their sessions."""

from __future__ import annotations

from apps.identity.models import ApiSession, User
from apps.kernel.tenant import activate


def test_roles_are_changed_there(client_for, owner, accountant, acme):
    client = client_for(owner)
    page = f"/t/acme/identity/users/{accountant.pk}/roles/"
    assert "accountant@acme.example" in client.get(page).content.decode()

    response = client.post(page, {"roles": ["auditor", "controller"], "reason": "a new job"}, follow=True)

    assert "has these roles from now on: auditor, controller." in response.content.decode()
    with activate(acme):
        assert User.objects.get(pk=accountant.pk).role_names == ["auditor", "controller"]


def test_people_are_shut_out_and_let_in_again(client_for, owner, accountant, acme):
    client = client_for(owner)
    base = f"/t/acme/identity/users/{accountant.pk}"

    shut = client.post(f"{base}/shut-out/", {"reason": "left us"}, follow=True).content.decode()
    assert "is shut out, and signed out everywhere." in shut
    assert f"{base}/let-in/" in shut
    again = client.post(f"{base}/let-in/", {"reason": "is back"}, follow=True).content.decode()
    assert "may sign in again." in again


def test_a_device_is_signed_out(client_for, device, owner, accountant, acme):
    session = device(accountant).tokens["session_id"]
    client = client_for(owner)
    assert "Accountant" in client.get("/t/acme/identity/apisession/").content.decode()
    assert (
        f"sessions/{session}/end/"
        in client.get(f"/t/acme/identity/apisession/{session}/change/").content.decode()
    )

    response = client.post(f"/t/acme/identity/sessions/{session}/end/", {"reason": "lost phone"}, follow=True)

    assert "has ended, and its tokens with it." in response.content.decode()
    with activate(acme):
        assert ApiSession.objects.get(pk=session).end_reason == "lost phone"


def test_operators_have_the_pages_but_that_of_roles(client_for, operator):
    client = client_for(operator, None)

    assert client.get(f"/identity/users/{operator.pk}/shut-out/").status_code == 200
    assert client.get("/identity/apisession/").status_code == 200
    assert client.get(f"/identity/users/{operator.pk}/roles/").status_code == 404


def test_nobody_else_sees_them(client_for, controller, accountant):
    client = client_for(controller)

    for page in (f"users/{accountant.pk}/roles", f"users/{accountant.pk}/shut-out", "apisession"):
        assert client.get(f"/t/acme/identity/{page}/").status_code == 403
