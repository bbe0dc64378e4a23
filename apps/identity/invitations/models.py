"""Invitations of users of a tenant, and of operators of the platform.

The secret of an invitation is the token of its link. It is signed when the e-mail is written; its digest is stored, and
the next one replaces it. So neither a copy of the database nor the signing key alone accepts an invitation.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.kernel.clock import now
from apps.kernel.models import Tracked
from apps.kernel.random_tokens import digest_of, new_token
from apps.kernel.signed import Purpose

LIFE = dt.timedelta(days=7)
"""How long the link of an invitation is valid after it was issued."""
ACCEPT = Purpose("identity.accept_invitation", life_s=int(LIFE.total_seconds()))


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def invited(self) -> InvitationQuerySet:
        return self.filter(state=Invitation.State.INVITED)

    def open(self) -> InvitationQuerySet:
        """Those that can be accepted."""
        return self.invited().filter(expires_at__gt=now())

    def with_token(self, token: str) -> InvitationQuerySet:
        """The open invitation with this token, or none."""
        claims = ACCEPT.claims_of(token)
        if claims is None:
            return self.none()
        return self.open().filter(pk=claims["invitation"], token_digest=digest_of(ACCEPT.name, token))

    def overdue(self) -> InvitationQuerySet:
        return self.invited().filter(expires_at__lte=now())


class Invitation(Tracked):
    """An address that may become a user. The user is created by its acceptance, so an invitation never concerns an
    account that exists.

    role          of the future user; empty on the platform, where operators have none
    token_digest  of the one valid link; empty until the e-mail is written, and after the end
    invited_at    when the invitation was issued, or last resent
    sent_at       when the e-mail with the valid link was sent
    ended_at      when it was accepted, revoked or marked as expired
    """

    class State(models.TextChoices):
        INVITED = "invited", _("Invited")
        ACCEPTED = "accepted", _("Accepted")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Revoked")

    TRANSITIONS: ClassVar = frozenset(
        {
            (State.INVITED, State.ACCEPTED),
            (State.INVITED, State.EXPIRED),
            (State.INVITED, State.REVOKED),
            (State.EXPIRED, State.INVITED),
        }
    )
    """The last one is a resend. The database refuses all others."""

    hidden = ("token_digest",)

    email = models.EmailField(_("e-mail address"))
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.INVITED)
    token_digest = models.CharField(max_length=64, blank=True)
    invited_by = models.CharField(max_length=200)
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(_("e-mail sent at"), null=True)
    ended_at = models.DateTimeField(null=True)
    user = models.ForeignKey("identity.User", null=True, on_delete=models.PROTECT, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="identity_one_open_invitation", condition=Q(state="invited")
            ),
            models.UniqueConstraint(
                name="identity_invitation_token_once", fields=["token_digest"], condition=~Q(token_digest="")
            ),
            models.CheckConstraint(
                name="identity_ended_invitation_has_no_token",
                condition=Q(state="invited") | Q(token_digest=""),
            ),
            models.CheckConstraint(
                name="identity_open_invitation_has_no_end",
                condition=Q(state="invited", ended_at=None) | ~Q(state="invited") & ~Q(ended_at=None),
            ),
            models.CheckConstraint(
                name="identity_invitation_accepted_in_time",
                condition=~Q(state="accepted") | Q(ended_at__lte=F("expires_at")),
            ),
            models.CheckConstraint(
                name="identity_accepted_invitation_has_user",
                condition=Q(state="accepted", user__isnull=False) | ~Q(state="accepted") & Q(user=None),
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def current_state(self) -> State:
        """An overdue invitation is expired before a task marks it."""
        is_overdue = self.state == self.State.INVITED and self.expires_at <= now()
        return self.State.EXPIRED if is_overdue else self.State(self.state)

    def issue(self, invited_by: str) -> None:
        """Starts a new term. The earlier link is void at once; the e-mail will have the next one."""
        self.state, self.token_digest, self.invited_by = self.State.INVITED, "", invited_by
        self.invited_at, self.expires_at, self.sent_at, self.ended_at = now(), now() + LIFE, None, None
        self.save()

    def sign_token(self) -> str:
        """A new token for the e-mail. The earlier one is void."""
        token = ACCEPT.sign(invitation=self.pk, random=new_token())
        self.token_digest, self.sent_at = digest_of(ACCEPT.name, token), now()
        self.save(update_fields=["token_digest", "sent_at"])
        return token

    def end(self, state: Invitation.State, user: models.Model | None = None) -> None:
        """Ends the invitation and voids its link; an acceptance names the new `user`."""
        self.state, self.token_digest, self.ended_at = state, "", now()
        self.user_id = user.pk if user else None
        self.save(update_fields=["state", "token_digest", "ended_at", "user"])
