"""A visitor stores nothing in Redis; a session of the console ends when it is idle or old."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings
from django.test import Client

from apps.kernel.cache.redis_client import client as redis_client
from apps.kernel.clock import moved_to, now
from tests.support.database import PASSWORD

PAGES = ("accounts/login/", "accounts/password/reset/", "accounts/password/reset/done/", "login/", "")


def stored() -> set[str]:
    """All keys but those of caches that any request fills."""
    keys = {key.decode() for key in redis_client().keys("*")}
    return {key for key in keys if "sessions" in key or "backoff" in key or "throttle" in key}


@pytest.mark.parametrize("prefix", ["/t/acme/", "/"])
def test_a_page_for_visitors_stores_nothing(acme, prefix):
    before = stored()

    for page in PAGES:
        response = Client().get(prefix + page)
        assert response.status_code in (200, 302)
        assert settings.SESSION_COOKIE_NAME not in " ".join(response.cookies)

    assert stored() == before == set()


def test_a_wrong_password_stores_counters_and_no_session(owner, acme):
    Client().post("/t/acme/accounts/login/", {"login": owner.email, "password": "wrong"})

    assert stored()
    assert all("backoff:password:" in key for key in stored())


def test_counters_of_attempts_expire(owner, acme):
    Client().post("/t/acme/accounts/login/", {"login": owner.email, "password": "wrong"})

    assert all(0 < redis_client().ttl(key) <= 86_400 for key in stored())


def test_a_post_without_the_csrf_token_is_refused(owner, acme):
    client = Client(enforce_csrf_checks=True)
    form = {"login": owner.email, "password": PASSWORD}

    assert client.post("/t/acme/accounts/login/", form).status_code == 403
    page = client.get("/t/acme/accounts/login/")
    form["csrfmiddlewaretoken"] = page.context["csrf_token"]
    assert client.post("/t/acme/accounts/login/", form).status_code == 302


def test_the_csrf_token_of_one_tenant_is_not_valid_at_another(acme, globex):
    client = Client(enforce_csrf_checks=True)
    token = client.get("/t/acme/accounts/login/").context["csrf_token"]
    form = {"login": "owner@globex.example", "password": PASSWORD, "csrfmiddlewaretoken": str(token)}

    assert client.post("/t/globex/accounts/login/", form).status_code == 403


def test_signing_out_leaves_no_session(client_for, owner, acme):
    client_for(owner).post("/t/acme/accounts/logout/")

    assert not [key for key in stored() if "django.contrib.sessions" in key]


def test_an_idle_session_ends(client_for, owner, acme):
    client, at = client_for(owner), now()

    with moved_to(at + dt.timedelta(hours=7)):
        assert client.get("/t/acme/").status_code == 200
    with moved_to(at + dt.timedelta(hours=14)):
        assert client.get("/t/acme/").status_code == 200
    with moved_to(at + dt.timedelta(hours=22, minutes=1)):
        assert client.get("/t/acme/").status_code == 302


def test_an_old_session_ends_although_it_is_used(client_for, owner, acme):
    client, at = client_for(owner), now()

    for hour in (6, 12, 18, 23):
        with moved_to(at + dt.timedelta(hours=hour)):
            assert client.get("/t/acme/").status_code == 200
    with moved_to(at + dt.timedelta(hours=24)):
        assert client.get("/t/acme/").status_code == 302


def test_most_requests_of_a_session_write_nothing(client_for, owner, acme):
    client = client_for(owner)

    response = client.get("/t/acme/api/v1/identity/me/")

    assert not any(settings.SESSION_COOKIE_NAME in name for name in response.cookies)
