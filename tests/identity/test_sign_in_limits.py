"""Limits of attempts to sign in: a stranger is slowed down, the owner of the account is not."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.test import Client

from apps.identity.accounts.attempts import source_of
from apps.kernel.cache import backoff, redis_client
from apps.kernel.cache.backoff import Limit
from apps.kernel.clock import moved_to, now
from apps.kernel.tenant import activate
from tests.support.database import PASSWORD
from tests.support.threads import together

STRANGER, ELSEWHERE = "198.51.100.7", "203.0.113.9"


def sign_in(email: str, password: str, address: str = STRANGER, client: Client | None = None):
    return (client or Client()).post(
        "/t/acme/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR=address
    )


def over_the_api(email: str, password: str, address: str = STRANGER, client: Client | None = None):
    return (client or Client()).post(
        "/t/acme/api/v1/identity/tokens/",
        {"email": email, "password": password},
        content_type="application/json",
        REMOTE_ADDR=address,
    )


@pytest.mark.parametrize(("send", "success", "wrong"), [(sign_in, 302, 200), (over_the_api, 201, 401)])
def test_five_wrong_tries_of_a_stranger_do_not_stop_the_owner(owner, acme, send, success, wrong):
    tries = [send(owner.email, f"guess {number}").status_code for number in range(6)]

    assert tries == [wrong] * 5 + [429]
    assert send(owner.email, PASSWORD).status_code == 429
    assert send(owner.email, PASSWORD, ELSEWHERE).status_code == success


def test_console_and_api_share_one_limit(owner, acme):
    tries = [sign_in(owner.email, "wrong").status_code for _ in range(3)]
    tries += [over_the_api(owner.email, "wrong").status_code for _ in range(3)]

    assert tries == [200, 200, 200, 401, 401, 429]


def test_the_wait_doubles_with_each_further_guess(owner, acme):
    at, waits = now(), []
    with moved_to(at):
        for _ in range(5):
            sign_in(owner.email, "wrong")
    for _ in range(4):
        with moved_to(at):
            wait = int(sign_in(owner.email, "wrong")["Retry-After"])
        waits.append(wait)
        at += dt.timedelta(seconds=wait)
        with moved_to(at):
            assert sign_in(owner.email, "wrong").status_code == 200

    assert waits == [60, 120, 240, 480]


def test_a_success_forgets_the_failures(owner, acme):
    for _ in range(3):
        for _ in range(4):
            assert sign_in(owner.email, "wrong").status_code == 200
        assert sign_in(owner.email, PASSWORD).status_code == 302


def test_a_botnet_is_slowed_and_a_known_device_is_not(owner, acme):
    known = Client()
    assert sign_in(owner.email, PASSWORD, ELSEWHERE, known).status_code == 302
    known.post("/t/acme/accounts/logout/")

    tries = [sign_in(owner.email, "wrong", f"198.51.100.{number}").status_code for number in range(24)]

    assert tries == [200] * 20 + [429] * 4
    assert sign_in(owner.email, PASSWORD, "192.0.2.1").status_code == 429, "a new device waits"
    assert sign_in(owner.email, PASSWORD, "192.0.2.1", known).status_code == 302


def test_a_known_device_has_a_limit_of_its_own(owner, acme):
    known = Client()
    sign_in(owner.email, PASSWORD, ELSEWHERE, known)
    known.post("/t/acme/accounts/logout/")

    tries = [sign_in(owner.email, "wrong", f"198.51.100.{number}", known).status_code for number in range(6)]

    assert tries == [200] * 5 + [429]


@pytest.mark.parametrize("change", ["tenant", "account", "text", "password"])
def test_a_device_is_known_for_its_tenant_account_and_password_only(owner, accountant, acme, globex, change):
    known = Client()
    sign_in(owner.email, PASSWORD, ELSEWHERE, known)
    known.post("/t/acme/accounts/logout/")
    (name,) = (name for name in known.cookies if "device" in name)
    value, account = known.cookies[name].value, owner
    forged = Client()
    if change == "tenant":
        other = Client()
        other.post("/t/globex/accounts/login/", {"login": "owner@globex.example", "password": PASSWORD})
        value = next(other.cookies[name].value for name in other.cookies if "device" in name)
    elif change == "account":
        account = accountant
    elif change == "text":
        value = value[:-2] + ("aa" if value[-2:] != "aa" else "bb")
    else:
        with activate(acme):
            owner.set_password(PASSWORD)
            owner.save()
    forged.cookies[name] = value
    for number in range(20):
        sign_in(account.email, "wrong", f"198.51.100.{number}")

    assert sign_in(account.email, PASSWORD, "192.0.2.1", forged).status_code == 429


def test_guesses_at_many_accounts_from_one_address_are_limited(owner, acme):
    tries = [sign_in(f"{number}@acme.example", "wrong").status_code for number in range(17)]

    assert tries == [200] * 15 + [429] * 2
    assert sign_in(owner.email, PASSWORD, ELSEWHERE).status_code == 302


def test_limits_of_one_tenant_are_not_those_of_another(owner, acme, globex):
    for _ in range(6):
        sign_in("owner@globex.example", "wrong")

    response = Client().post(
        "/t/globex/accounts/login/",
        {"login": "owner@globex.example", "password": PASSWORD},
        REMOTE_ADDR=STRANGER,
    )

    assert response.status_code == 302


def test_addresses_of_one_ipv6_network_count_as_one(owner, acme):
    tries = [sign_in(owner.email, "wrong", f"2001:db8::{number}").status_code for number in range(1, 7)]

    assert tries == [200] * 5 + [429]


@pytest.mark.parametrize("send", [sign_in, over_the_api])
def test_without_redis_no_password_is_judged(owner, acme, settings, monkeypatch, send):
    monkeypatch.setattr(redis_client, "_clients", {})
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    response = send(owner.email, PASSWORD, client=Client(raise_request_exception=False))

    assert response.status_code == 503
    assert response["Retry-After"] == "5"


@pytest.mark.parametrize("send", [sign_in, over_the_api])
def test_of_24_parallel_guesses_exactly_five_are_judged(owner, acme, send):
    judged = 200 if send is sign_in else 401
    responses = together(24, lambda: send(owner.email, "guess").status_code, None)

    if send is sign_in:
        assert Counter(responses) == {judged: 5, 429: 19}
    else:
        assert Counter(responses)[judged] == 5


def test_a_success_gives_back_the_wait_that_its_own_count_began(acme):
    """Otherwise each sign-in from a busy office would stop the next colleague."""
    limit = Limit(name="office", allowed=2, first_wait_s=60, max_wait_s=600, memory_s=600)
    with activate(acme):
        assert backoff.take([limit]) == 0  # a failure
        assert backoff.take([limit]) == 0  # a success, which reaches the limit
        backoff.give_back([limit])

        assert backoff.take([limit]) == 0


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
    ],
)
def test_the_source_of_a_mapped_address_is_its_address(rf, address, source):
    assert source_of(rf.get("/", REMOTE_ADDR=address)) == source
