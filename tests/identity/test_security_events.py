"""Each security event leaves one record in the audit log of its tenant, and many failures of strangers leave few."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress

import pytest
from django.test import RequestFactory

from apps.audit.models import Record
from apps.bus import dispatch
from apps.identity.accounts import failures
from apps.identity.accounts.commands import WithdrawAddressChange
from apps.identity.accounts.tasks import record_failed_sign_ins
from apps.identity.adapter import AccountAdapter
from apps.identity.errors import AddressChangeUnknown, TooManyAttempts
from apps.identity.models import User
from apps.identity.tokens.self_service import SelfService
from apps.kernel.clock import moved_to, now
from apps.kernel.tenant import activate

HOUR = dt.timedelta(hours=1)
NEW = "purple monkey dishwasher"


def sentences(tenant, command: str) -> list[str]:
    with activate(tenant):
        records = Record.objects.filter(command=f"identity.{command}", outcome="done").order_by("id")
        return [record.sentence for record in records]


def wrong_password(email: str, address: str) -> None:
    """As on the page and over the API, without their cost."""
    request = RequestFactory().post("/", REMOTE_ADDR=address)
    with suppress(TooManyAttempts):
        AccountAdapter().authenticate(request, email=email, password="wrong")


def test_signing_in_and_out_of_the_console_leaves_one_record_each(client_for, owner, acme, globex):
    client = client_for(owner)
    client.post("/t/acme/accounts/logout/")

    assert sentences(acme, "begin_console_session") == [f"{owner} signed in to the console."]
    assert sentences(acme, "end_session") == [f"{owner} ended console session 1 of {owner}."]
    assert sentences(globex, "begin_console_session") == sentences(None, "begin_console_session") == []


def test_the_button_of_the_console_signs_out_as_well(client_for, owner, acme):
    client_for(owner).post("/t/acme/logout/")

    assert len(sentences(acme, "end_session")) == 1


def test_signing_in_and_out_over_the_api_leaves_one_record_each(device, owner, acme):
    here = device(owner)
    here.post("identity/tokens/revoke/", {"refresh_token": here.tokens["refresh_token"]}, token="")

    assert sentences(acme, "begin_session") == [f"{owner} signed in over the API."]
    assert sentences(acme, "end_session") == [f"{owner} ended API session 1 of {owner}."]


def test_signing_in_leaves_no_version_in_the_field_history(client_for, owner, acme):
    with activate(acme):
        before = User.history.filter(id=owner.pk).count()

    client_for(owner)

    with activate(acme):
        assert User.objects.get(pk=owner.pk).last_login
        assert User.history.filter(id=owner.pk).count() == before


def test_an_address_change_is_withdrawn_with_one_record(at_acme, owner):
    User.objects.filter(pk=owner.pk).update(new_email="new@acme.example")
    command = WithdrawAddressChange(user_id=owner.pk, new_email="new@acme.example")

    dispatch(command, actor=SelfService(owner))

    assert User.objects.get(pk=owner.pk).new_email == ""
    assert sentences(at_acme, "withdraw_address_change") == [
        f"{owner} withdrew the change of their own e-mail address to new@acme.example."
    ]
    with pytest.raises(AddressChangeUnknown):
        dispatch(command, actor=SelfService(owner))


def test_failed_sign_ins_leave_one_record_for_account_source_and_hour(at_acme, owner):
    at = now().replace(minute=0)
    with moved_to(at):
        for _ in range(7):
            wrong_password(owner.email, "198.51.100.7")
        wrong_password(owner.email.upper(), "203.0.113.9")
        record_failed_sign_ins.run()
        assert sentences(at_acme, "record_failed_sign_ins") == [], "the hour is not over"

    with moved_to(at + HOUR):
        record_failed_sign_ins.run()
        record_failed_sign_ins.run()

    hour = f"{at:%d %b %H:%M} UTC"
    assert sorted(sentences(at_acme, "record_failed_sign_ins")) == [
        f"System (sign-in) counted failed sign-ins with owner@acme.example from 198.51.100.7, {hour}: 5.",
        f"System (sign-in) counted failed sign-ins with owner@acme.example from 203.0.113.9, {hour}: 1.",
    ]
    assert sentences(at_acme, "record_lockout") == [
        f"System (sign-in) refused sign-ins with owner@acme.example from 198.51.100.7, locked out, {hour}: 2."
    ]
    assert Record.objects.filter(command="identity.record_lockout", subject_id=str(owner.pk)).exists()


def test_a_stranger_cannot_fill_the_audit_log(at_acme, owner, settings):
    """200 failures: each with another unknown account, and each for a known one from another address."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    at = now().replace(minute=0)
    with moved_to(at):
        for number in range(100):
            wrong_password(f"{number}@elsewhere.example", "198.51.100.7")
            failures.count(owner.email, f"203.0.113.{number}", locked_out=False)
            failures.count(owner.email, f"192.0.2.{number}", locked_out=False)

    with moved_to(at + HOUR):
        record_failed_sign_ins.run()

    counted = sentences(at_acme, "record_failed_sign_ins")
    assert len([text for text in counted if "unknown accounts" in text]) == 1
    assert len(counted) <= failures.MAX_COUNTERS + 1
    total = sum(int(re.search(r"UTC: (\d+)", text)[1]) for text in counted if "owner@" in text)
    assert total == 200


def test_failures_of_one_tenant_are_not_recorded_in_another(acme, globex, owner):
    at = now().replace(minute=0)
    with moved_to(at), activate(acme):
        wrong_password(owner.email, "198.51.100.7")

    for tenant in (globex, None):
        with moved_to(at + HOUR), activate(tenant):
            record_failed_sign_ins.run()
            assert sentences(tenant, "record_failed_sign_ins") == []
