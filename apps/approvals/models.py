"""Approval requests with their revisions and decisions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit.transaction_id import TransactionId
from apps.bus.approval import ApprovalKind, approval_kinds
from apps.bus.plain import command_named
from apps.kernel.clock import now
from apps.kernel.errors import Refusal
from apps.kernel.machine_text import MachineText
from apps.kernel.models import Tracked

MAX_OUTCOME_LENGTH = 2_000


class RequestQuerySet(models.QuerySet["ApprovalRequest"]):
    def open(self) -> RequestQuerySet:
        return self.filter(state__in=ApprovalRequest.OPEN)

    def pending(self) -> RequestQuerySet:
        return self.filter(state=ApprovalRequest.State.PENDING)

    def overdue(self) -> RequestQuerySet:
        """Those that expired and have not begun."""
        return self.filter(state__in=("pending", "approved"), expires_at__lte=now())


class ApprovalRequest(Tracked):
    """A command that waits for the approval of other people.

    subject       the row that the command is about, `table:id`, for guards of the database
    revision      number of the present revision; only its approvals count
    outcome       reason or result of the end, for people
    executed_xid  the transaction that executed the command, set by the database; 0 before
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        APPROVED = "approved", _("Approved")
        EXECUTING = "executing", _("In execution")
        EXECUTED = "executed", _("Executed")
        FAILED = "failed", _("Refused at execution")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Expired")
        VOID = "void", _("Void")

    OPEN = (State.PENDING, State.APPROVED, State.EXECUTING)
    TRANSITIONS: ClassVar = frozenset(
        {
            (State.PENDING, State.APPROVED),
            (State.PENDING, State.REJECTED),
            (State.PENDING, State.WITHDRAWN),
            (State.PENDING, State.EXPIRED),
            (State.PENDING, State.VOID),
            (State.APPROVED, State.PENDING),  # after a change of the request
            (State.APPROVED, State.EXECUTING),
            (State.APPROVED, State.WITHDRAWN),
            (State.APPROVED, State.EXPIRED),
            (State.APPROVED, State.VOID),
            (State.APPROVED, State.FAILED),
            (State.EXECUTING, State.EXECUTED),
            (State.EXECUTING, State.FAILED),
        }
    )
    """The trigger of migration 0002 has the same list."""

    kind = models.CharField(max_length=80)
    command = models.CharField(max_length=80)
    subject = models.CharField(max_length=120, blank=True)
    quorum = models.PositiveSmallIntegerField()
    requester_id = models.BigIntegerField()
    requester_name = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    revision = models.PositiveIntegerField(default=1)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    outcome = MachineText(blank=True)
    executed_xid = TransactionId(default=0, editable=False)

    objects = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval request")
        default_permissions = ("view",)
        permissions = [
            ("request_approval", "Can request approvals"),
            ("decide_request", "Can approve and reject requests"),
        ]
        constraints = [
            models.CheckConstraint(name="approvals_quorum_is_positive", condition=Q(quorum__gte=1)),
            models.CheckConstraint(
                name="approvals_expires_later", condition=Q(expires_at__gt=F("requested_at"))
            ),
            models.CheckConstraint(
                name="approvals_closed_at_its_end",
                condition=(Q(state="pending") | Q(state="approved") | Q(state="executing"))
                & Q(closed_at=None)
                | ~(Q(state="pending") | Q(state="approved") | Q(state="executing"))
                & Q(closed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="approvals_by_state", fields=["state", "-id"]),
            models.Index(name="approvals_by_requester", fields=["requester_id", "-id"]),
        ]

    def __str__(self) -> str:
        return gettext("request {pk} ({title})").format(pk=self.pk, title=self.title)

    @property
    def title(self) -> str:
        """The title of its command; available after the command was removed."""
        try:
            return command_named(self.command).title()
        except Refusal:
            return self.command

    @property
    def approval_kind(self) -> ApprovalKind | None:
        """None for a kind that no longer exists."""
        return approval_kinds().get(self.kind)

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING

    @property
    def is_overdue(self) -> bool:
        return self.state in (self.State.PENDING, self.State.APPROVED) and self.expires_at <= now()

    def become(self, state: ApprovalRequest.State, outcome: str = "") -> None:
        """Raises ValueError for a transition that is not in TRANSITIONS. At the end the fields of the command are
        forgotten."""
        if (self.state, state) not in self.TRANSITIONS:
            raise ValueError(f"{self} cannot change from {self.state} to {state}.")
        self.state, self.outcome = state, outcome[:MAX_OUTCOME_LENGTH]
        if not self.is_open:
            self.closed_at = now()
        self.save(update_fields=["state", "outcome", "closed_at"])
        if not self.is_open:
            Revision.objects.filter(request=self).exclude(sealed="").update(sealed="")

    def reopen(self) -> None:
        """Pending again, for the approval of its new revision."""
        self.state = self.State.PENDING
        self.save(update_fields=["state", "revision"])


class Revision(models.Model):
    """What is asked, in one wording. A change of the request is another revision.

    digest         SHA-256 of the command, its fields, the base revision, and a random number
    base_revision  the state of what the command changes, at the time of the request
    shown          the fields without secrets
    sealed         all of the digest's document, encrypted; empty after the end of the request
    operator       during a support session the platform's operator, with `support_session`
    """

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    base_revision = models.CharField(max_length=200, blank=True)
    shown = models.JSONField()
    sealed = models.TextField(blank=True)
    editor_id = models.BigIntegerField()
    editor_name = models.CharField(max_length=200)
    operator = models.CharField(max_length=150, blank=True)
    support_session = models.BigIntegerField(default=0)
    reason = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="approvals_revision_once", fields=["request", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}.{self.number}"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def approvals_of(self, request: ApprovalRequest) -> DecisionQuerySet:
        """Of its present revision, in order."""
        return self.filter(
            revision__request=request, revision__number=request.revision, verdict=Decision.Verdict.APPROVED
        ).order_by("id")


class Decision(models.Model):
    """The decision of a person on a revision."""

    class Verdict(models.TextChoices):
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    approver_id = models.BigIntegerField()
    approver_name = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField()

    objects = DecisionQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="approvals_one_decision_each", fields=["revision", "approver_id"]),
        ]

    def __str__(self) -> str:
        return gettext("{verdict} by {approver}").format(
            verdict=self.get_verdict_display(), approver=self.approver_name
        )
