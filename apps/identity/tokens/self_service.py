"""The actor of commands on a user's own sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.kernel.actors import Actor


@dataclass(frozen=True)
class SelfService:
    """Starting and ending one's own session needs no permission. The caller must have verified that the session
    belongs to the actor."""

    actor: Actor

    @property
    def pk(self) -> int | None:
        return self.actor.pk

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return True

    def __str__(self) -> str:
        return str(self.actor)
