"""The kill switch of webhooks: messages wait, none is lost, and they are sent when the kill ends."""

from __future__ import annotations

from apps.bus import dispatch
from apps.console.terminal import SHELL
from apps.flags.commands import KillFlag, ReviveFlag
from apps.kernel.tenant import activate
from apps.webhooks import queries, sending
from apps.webhooks.flag_declarations import SENDING
from apps.webhooks.models import Attempt, Message


def test_messages_wait_during_the_kill_and_are_sent_after_it(endpoint, publish_to, receiver):
    receiver.expect_request("/hook").respond_with_data("thank you")
    with activate(None):
        kill = dispatch(KillFlag(key=SENDING.key, reason="A receiver loops."), actor=SHELL)
    for number in (1, 2, 3):
        publish_to(number)

    assert not sending.send_due(endpoint.pk)

    assert (receiver.log, Attempt.objects.count()) == ([], 0)
    assert list(Message.objects.values_list("state", "attempts")) == [("pending", 0)] * 3
    with activate(None):
        dispatch(ReviveFlag(kill_id=kill.pk, reason="It is mended."), actor=SHELL)
    assert queries.endpoints_with_due_messages() == [endpoint.pk]
    sending.send_due(endpoint.pk)
    assert list(Message.objects.values_list("state", flat=True)) == ["delivered"] * 3
    assert len(receiver.log) == 3


def test_a_tenant_that_stops_sending_stops_its_own_alone(acme, globex, owner):
    with activate(acme):
        dispatch(KillFlag(key=SENDING.key, reason="Our receiver moves."), actor=owner)
        assert not sending.features.is_on(SENDING)
    with activate(globex):
        assert sending.features.is_on(SENDING)
