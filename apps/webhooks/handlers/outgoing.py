"""Test messages and repeated messages."""

from __future__ import annotations

from apps.bus import handles
from apps.kernel.clock import now
from apps.webhooks import messages, rules
from apps.webhooks.commands import ResendMessage, SendTestMessage
from apps.webhooks.models import Message


@handles(SendTestMessage)
def send_test_message(command: SendTestMessage) -> Message:
    endpoint = rules.endpoint_must_be_active(rules.endpoint_must_exist(command.endpoint_id))

    body = messages.body_of(messages.TEST, now(), {"endpoint_id": endpoint.pk})
    message = messages.new_message(endpoint, messages.TEST, body)
    message.save()
    messages.send_hint(endpoint)
    return message


@handles(ResendMessage)
def resend_message(command: ResendMessage) -> Message:
    message = rules.message_must_not_be_in_progress(rules.message_must_exist(command.message_id))
    rules.endpoint_must_be_active(message.endpoint)

    message.state = Message.State.PENDING
    message.restart()
    message.end_lease()
    message.save(update_fields=Message.PROGRESS)
    messages.send_hint(message.endpoint)
    return message
