"""The ways by which people are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from . import chat, letters
from .outcome import NotSent

if TYPE_CHECKING:
    from apps.notices.models import Copy

__all__ = ["CHANNELS", "NAMES", "Channel", "NotSent", "chat", "of"]


class Channel(Protocol):
    """Sends one copy, outside of any transaction. Raises NotSent."""

    def send(self, copy: Copy) -> None: ...


CHANNELS: Mapping[str, Channel] = {"email": letters.Letters(), "chat": chat.Chat()}
NAMES = tuple(CHANNELS)


def of(copy: Copy) -> Channel:
    return CHANNELS[copy.channel]
