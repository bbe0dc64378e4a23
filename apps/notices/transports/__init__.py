"""The transports of notices: e-mail and chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from . import chat, email
from .outcome import NotSent

if TYPE_CHECKING:
    from apps.notices.models import NoticeDelivery

__all__ = ["NAMES", "TRANSPORTS", "NotSent", "Transport", "chat", "of"]


class Transport(Protocol):
    """Sends one delivery, outside of any transaction. Raises NotSent."""

    def send(self, delivery: NoticeDelivery) -> None: ...


TRANSPORTS: Mapping[str, Transport] = {"email": email.EmailTransport(), "chat": chat.ChatTransport()}
NAMES = tuple(TRANSPORTS)


def of(delivery: NoticeDelivery) -> Transport:
    return TRANSPORTS[delivery.transport]
