"""What webhooks know of a request: what was told to other systems, and what they told us."""

from __future__ import annotations

from collections.abc import Iterator

from apps.kernel.story import Mood, StoryLine, story

from .models import Message, Received

SENT: dict[str, Mood] = {
    Message.State.PENDING: "waiting",
    Message.State.DELIVERED: "good",
    Message.State.DEAD: "bad",
}
CAME: dict[str, Mood] = {
    Received.State.RECEIVED: "waiting",
    Received.State.FAILED: "waiting",
    Received.State.DEAD: "bad",
}


@story
def tell_sent(correlation_id: str) -> Iterator[StoryLine]:
    messages = Message.objects.filter(correlation_id=correlation_id).select_related("endpoint")
    for message in messages.prefetch_related("tries").order_by("id"):
        tries = list(message.tries.all())
        yield StoryLine(
            at=message.done_at or message.created_at,
            kind="webhook",
            text=f"{message.endpoint} is told {message.type}: {message.get_state_display().lower()}, "
            f"{len(tries)} attempt{'' if len(tries) == 1 else 's'}.",
            detail="" if not tries or tries[-1].was_taken else str(tries[-1]),
            mood=SENT[message.state],
            caused_by=f"event:{message.event_id}" if message.event_id else "",
            row=("webhooks.message", message.pk),
        )


@story
def tell_received(correlation_id: str) -> Iterator[StoryLine]:
    for received in Received.objects.filter(correlation_id=correlation_id).select_related("source"):
        yield StoryLine(
            at=received.received_at,
            kind="webhook",
            text=f"{received.source} told us {received}: {received.get_state_display().lower()}.",
            detail=received.last_error,
            mood=CAME.get(received.state, "good"),
            name=f"webhook:{received.pk}",
            row=("webhooks.received", received.pk),
        )
