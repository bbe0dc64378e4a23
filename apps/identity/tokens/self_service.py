"""Somebody who acts on what is his own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.kernel.actors import Actor


@dataclass(frozen=True)
class SelfService:
    """To begin and end a session of one's own takes no permission. Whoever makes one of these has seen to it that
    the session is his."""

    actor: Actor

    @property
    def pk(self) -> int | None:
        return self.actor.pk

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return True

    def __str__(self) -> str:
        return str(self.actor)
