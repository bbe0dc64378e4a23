"""Commands executed by a worker: sent on commit, done once, with refusals in the audit log."""

import datetime as dt

import pytest
from django.db import transaction

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import CommandMalformed, CommandUnknown, PermissionDenied
from apps.bus.plain import from_json, schema, to_json
from apps.bus.registry import commands
from apps.bus.sending import dispatch_async, do
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.events.models import Delivery, OutboxEvent
from apps.identity.commands import SetPassword
from apps.identity.models import User
from apps.kernel.actors import System
from apps.kernel.clock import moved_to, now
from apps.kernel.plain import from_plain
from apps.kernel.queues.policies import POLICIES
from tests.support.books import sale
from tests.support.settling import settle

PLANT = FoundCompany(code="PLANT", name="Acme Plant", currency="EUR")


def test_a_worker_executes_a_sent_command_as_its_sender(at_acme, owner):
    dispatch_async(PLANT, actor=owner)
    assert not Company.objects.filter(code="PLANT").exists()

    settle()

    assert Company.objects.filter(code="PLANT").exists()
    assert (
        Record.objects.get(command="companies.found_company", outcome="done", subject_id=plant_id()).actor_id
        == owner.pk
    )


def plant_id():
    return Company.objects.get(code="PLANT").pk


@pytest.mark.parametrize("queue", POLICIES)
def test_a_command_is_done_on_its_queue(at_acme, owner, monkeypatch, queue):
    monkeypatch.setattr(FoundCompany, "queue", queue)
    dispatch_async(PLANT, actor=owner)

    settle()

    delivery = Delivery.objects.get(event__name="command.sent")
    assert (delivery.queue, delivery.status) == (queue, "done")
    assert Company.objects.filter(code="PLANT").exists()


def test_a_rolled_back_transaction_sends_no_command(at_acme, owner):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        dispatch_async(PLANT, actor=owner)
        raise ZeroDivisionError

    settle()
    assert not Company.objects.filter(code="PLANT").exists()


def test_a_command_delivered_twice_is_done_once(at_acme, owner):
    dispatch_async(PLANT, actor=owner)
    sent = OutboxEvent.objects.order_by("-id")[0]
    settle()

    from apps.bus.events import CommandSent

    do(from_plain(CommandSent, sent.payload))

    assert Record.objects.filter(outcome="repeated").count() == 1
    assert Company.objects.filter(code="PLANT").count() == 1


def test_a_delayed_command_is_done_after_its_delay(at_acme, owner):
    dispatch_async(PLANT, actor=owner, after=dt.timedelta(hours=2))
    settle()
    assert not Company.objects.filter(code="PLANT").exists()

    with moved_to(now() + dt.timedelta(hours=3)):
        settle()
    assert Company.objects.filter(code="PLANT").exists()


def test_sending_without_the_permission_is_refused_at_once(at_acme, auditor):
    with pytest.raises(PermissionDenied):
        dispatch_async(PLANT, actor=auditor)


def test_a_permission_lost_before_execution_is_a_refusal_in_the_audit_log(at_acme, owner):
    dispatch_async(PLANT, actor=owner)
    User.objects.get(pk=owner.pk).groups.clear()

    settle()

    assert Record.objects.filter(outcome="refused", command="companies.found_company").exists()
    assert not Company.objects.filter(code="PLANT").exists()


def test_a_refused_command_is_not_retried(at_acme, owner):
    dispatch(PLANT, actor=owner)
    dispatch_async(PLANT, actor=owner)

    settle()

    assert Record.objects.filter(outcome="refused").count() == 1
    assert not Delivery.objects.exclude(status="done").exists()


def test_a_system_actor_sends_commands(at_acme):
    dispatch_async(PLANT, actor=System("nightly"))
    settle()

    assert (
        Record.objects.get(subject_id=plant_id(), command="companies.found_company").actor_name == "nightly"
    )


def test_a_command_with_a_secret_is_not_sent(at_acme, owner):
    with pytest.raises(TypeError, match="secrets"):
        dispatch_async(SetPassword(user_id=1, password="x"), actor=owner)


@pytest.mark.parametrize("command", [PLANT, sale("12.50")], ids=["company", "entry"])
def test_a_command_is_restored_from_json(command):
    assert from_json(to_json(command)) == command


@pytest.mark.parametrize(
    ("document", "refusal", "message"),
    [
        ({"command": "planes.fly"}, CommandUnknown, "no command planes.fly"),
        ({"command": "companies.found_company", "fields": {}}, CommandMalformed, "code"),
        ({"command": "companies.found_company", "fields": {"size": 1}}, CommandMalformed, "there is no size"),
        ({"command": "companies.found_company", "fields": []}, CommandMalformed, "there is no fields"),
    ],
)
def test_a_malformed_command_is_refused(document, refusal, message):
    with pytest.raises(refusal, match=message):
        from_json(document)


def test_every_command_has_a_schema():
    for command in commands():
        assert schema(command)["type"] == "object", command
