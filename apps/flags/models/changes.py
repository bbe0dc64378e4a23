"""Change sets: revisions that are published together, after an approval where one is required."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit.transaction_id import TransactionId
from apps.kernel.models import Tracked


class ChangeSet(Tracked):
    """Revisions of flags, segments and overrides, published together or not at all.

    reason        why; the audit log and the approver read it
    origin        edit, import, restore, rollout, extension … : the command that made it
    digest        SHA-256 of the revisions and of the revisions that they are based on
    effective_at  the instant from which it is served; of publication if empty
    preview       what changes for whom, computed on the population before the publication
    warnings      problems that do not prevent the publication
    replaces      the draft that this one corrects, withdrawn when this one was made
    made_xid      the transaction that made it: its revisions are of the same one
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        VOID = "void", _("Void")
        CANCELLED = "cancelled", _("Cancelled")

    TRANSITIONS: ClassVar = frozenset(
        {
            (State.DRAFT, State.PUBLISHED),
            (State.DRAFT, State.WITHDRAWN),
            (State.DRAFT, State.VOID),  # a revision that it is based on is no longer the latest
            (State.PUBLISHED, State.CANCELLED),  # before it takes effect
        }
    )

    reason = models.TextField()
    origin = models.CharField(max_length=20)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    author_id = models.BigIntegerField(null=True)
    author_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    preview = models.JSONField(null=True)
    warnings = models.JSONField(default=list)
    effective_at = models.DateTimeField(null=True)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    made_xid = TransactionId(default=0, db_default=0, editable=False)
    published_at = models.DateTimeField(null=True)
    published_xid = TransactionId(default=0, editable=False)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="flags_published_at_some_time",
                condition=Q(state__regex=r"\A(published|cancelled)\Z", published_at__isnull=False)
                | ~Q(state__regex=r"\A(published|cancelled)\Z") & Q(published_at=None),
            ),
        ]
        indexes = [models.Index(name="flags_changesets_by_state", fields=["state", "-id"])]

    hidden = ("preview", "warnings")

    def __str__(self) -> str:
        return gettext("change set {pk}").format(pk=self.pk)

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    def become(self, state: State, at: dt.datetime | None = None) -> None:
        """`at` is the instant of a publication."""
        if (self.state, state) not in self.TRANSITIONS:
            raise ValueError(f"{self} is {self.state}.")
        self.change(state=state, published_at=at or self.published_at)

    def is_waiting(self, at: dt.datetime) -> bool:
        """Whether it is published, and takes effect after that instant."""
        return self.state == self.State.PUBLISHED and self.effective_at is not None and self.effective_at > at


class RevisionQuerySet(models.QuerySet["Revision"]):
    def published(self, until: dt.datetime | None = None) -> RevisionQuerySet:
        """With `until`, those that are effective then."""
        revisions = self.filter(change_set__state=ChangeSet.State.PUBLISHED)
        if until is None:
            return revisions
        effective = Greatest(
            "change_set__published_at", Coalesce("change_set__effective_at", "change_set__published_at")
        )
        return revisions.alias(effective=effective).filter(effective__lte=until)

    def last_of_each_key(self) -> RevisionQuerySet:
        """Of each kind and key, the last one."""
        return self.order_by("kind", "key", "-id").distinct("kind", "key")


class Revision(models.Model):
    """One wording of a flag, a segment or an override. It never changes.

    kind      flag, segment or override; of tenants only overrides and segments
    base      the latest published revision when it was made; none for the first
    document  as `apps.flags.engine` reads it; null removes the segment or override, and retires the flag
    digest    SHA-256 of the document in canonical JSON
    """

    class Kind(models.TextChoices):
        FLAG = "flag", _("Flag")
        SEGMENT = "segment", _("Segment")
        OVERRIDE = "override", _("Override")

    change_set = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, related_name="revisions")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    key = models.CharField(max_length=100)
    base = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    document = models.JSONField(null=True)
    digest = models.CharField(max_length=64)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="flags_revision_once_in_a_change_set", fields=["change_set", "kind", "key"]
            ),
            models.CheckConstraint(
                name="flags_revision_kind_is_known",
                condition=Q(kind__regex=r"\A(flag|segment|override)\Z"),
            ),
        ]
        indexes = [models.Index(name="flags_revisions_of_a_key", fields=["kind", "key", "-id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} ({self.pk})"
