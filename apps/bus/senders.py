"""Senders: the actors of work that is stored now and executed later, under the same names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from apps.kernel.actors import Actor, Support, System, impersonated_by, impersonator
from apps.kernel.errors import Conflict


class ActorGone(Conflict):
    message = _("{actor}, who sent the command, is no longer here.")


def actor_of(actor_id: int | None, actor_name: str) -> Actor:
    """The user with current permissions, or the system. Raises ActorGone for a deactivated user."""
    if actor_id is None:
        return System(actor_name)
    actor: Actor | None = import_string(settings.ACTOR_BY_ID)(actor_id)
    if actor is None:
        raise ActorGone(actor=actor_name)
    return actor


class Sent(models.Model):
    """Work with its sender.

    actor_id         empty for the system `actor_name`
    operator         during impersonation the operator, with `support_session`
    """

    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    operator = models.CharField(max_length=200, blank=True)
    support_session = models.PositiveBigIntegerField(default=0)

    class Meta:
        abstract = True

    @classmethod
    def fields_of(cls, actor: Actor) -> dict[str, Any]:
        """The values of these columns for work that the actor sends now."""
        support = impersonator()
        return {
            "actor_id": actor.pk,
            "actor_name": str(actor),
            "operator": support.operator if support else "",
            "support_session": support.session_number if support else 0,
        }

    def set_sender(self, actor: Actor) -> Self:
        for name, value in self.fields_of(actor).items():
            setattr(self, name, value)
        return self

    @contextmanager
    def sender(self) -> Iterator[Actor]:
        """The sender, and behind it the operator of a support session. Raises ActorGone."""
        support = Support(self.operator, self.support_session) if self.operator else None
        with impersonated_by(support):
            yield actor_of(self.actor_id, self.actor_name)
