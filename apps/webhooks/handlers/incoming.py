"""Reprocessing of received messages."""

from __future__ import annotations

from apps.bus import handles
from apps.webhooks import receiving, rules
from apps.webhooks.commands import ReprocessReceived
from apps.webhooks.models import Received


@handles(ReprocessReceived)
def reprocess_received(command: ReprocessReceived) -> Received:
    received = rules.received_must_not_be_processed(rules.received_must_exist(command.received_id))

    received.state = Received.State.RECEIVED
    received.restart()
    received.save(update_fields=["state", "attempts", "next_at", "finished_at"])
    receiving.PROCESS.hint_after_commit(received.pk)
    return received
