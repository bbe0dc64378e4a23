"""Who did what, and why: one row per command and outcome, written once; and the seals over them."""

from __future__ import annotations

import os
from typing import Any

from django.db import models

from apps.kernel.inserting import insert

from . import chain, retention
from .transaction_id import CurrentTransaction, TransactionId

WHO = ("actor_name", "real_actor_name", "sentence", "reason")
"""What names people. It is in the chain through `who_commitment`."""
WHAT = ("request", "changes", "refusals")
"""What was said and changed. It is in the chain through `what_commitment`."""
SALT = 16


class RecordQuerySet(models.QuerySet["Record"]):
    def about(self, subject: models.Model) -> RecordQuerySet:
        return self.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))

    def by(self, actor_id: int) -> RecordQuerySet:
        return self.filter(actor_id=actor_id)

    def readings(self) -> RecordQuerySet:
        """Who looked at the audit log."""
        return self.filter(retention=retention.ACCESS)

    def doings(self) -> RecordQuerySet:
        """The audit log without those who looked at it."""
        return self.exclude(retention=retention.ACCESS)

    def caused_together(self, correlation_id: str) -> RecordQuerySet:
        return self.filter(correlation_id=correlation_id).order_by("id")


class Record(models.Model):
    """One command and what came of it.

    sentence   what happened, in business language
    request    the command's fields; secrets are never among them
    changes    what it changed: [{object, field, before, after}, …]
    refusals   why not: [{code, detail}, …]
    subject    the thing it was about, so that a thing's timeline can be read
    retention  the class that says how long it is kept
    xid        the transaction that wrote it: rows are sealed in the order in which no late one can be missed

    A commitment binds to texts through a salt. Texts are erased with their salt, and the commitment stays.
    """

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        REPEATED = "repeated", "Asked again"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"

    at = models.DateTimeField()
    command = models.CharField(max_length=80)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    sentence = models.TextField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    real_actor_name = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    subject_type = models.CharField(max_length=80, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    request = models.JSONField()
    changes = models.JSONField(default=list)
    refusals = models.JSONField(default=list)
    correlation_id = models.CharField(max_length=64, blank=True)
    causation_id = models.CharField(max_length=64, blank=True)

    retention = models.CharField(max_length=12)
    who_salt = models.BinaryField(null=True)
    who_commitment = models.BinaryField()
    what_salt = models.BinaryField(null=True)
    what_commitment = models.BinaryField()
    xid = TransactionId(db_default=CurrentTransaction(), editable=False)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = "audit record"
        verbose_name_plural = "audit log"
        default_permissions = ("view",)
        permissions = [
            ("manage_retention", "Can archive the audit log and drop what was archived"),
            ("erase_person", "Can erase a person from the audit log"),
        ]
        indexes = [
            models.Index(name="audit_by_seal", fields=["retention", "xid", "id"]),
            models.Index(name="audit_by_actor", fields=["actor_id", "-id"]),
            models.Index(name="audit_by_time", fields=["-at", "-id"]),
            models.Index(name="audit_by_subject", fields=["subject_type", "subject_id"]),
            models.Index(name="audit_by_correlation", fields=["correlation_id"]),
        ]

    def __str__(self) -> str:
        return self.sentence

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.commit_to_texts()
        super().save(*args, **kwargs)

    def write(self) -> None:
        """`save` for those who do not look at it again."""
        self.commit_to_texts()
        insert(self)

    def commit_to_texts(self) -> None:
        """Once, before the row is written: what the seal will bind to."""
        self.retention = retention.class_of(self.command)
        self.who_salt, self.what_salt = os.urandom(SALT), os.urandom(SALT)
        self.who_commitment = chain.commitment(
            self.who_salt, chain.canonical_row([getattr(self, each) for each in WHO])
        )
        self.what_commitment = chain.commitment(
            self.what_salt, chain.canonical(chain.as_kept([getattr(self, each) for each in WHAT]))
        )

    @property
    def is_erased(self) -> bool:
        """Whether texts of it were erased, since they named somebody."""
        return self.who_salt is None or self.what_salt is None

    @property
    def title(self) -> str:
        """ "Post entry", also when the sentence is erased."""
        return self.command.partition(".")[2].replace("_", " ").capitalize()


class Segment(models.Model):
    """Records sealed together: a link of the chain. It stays as a checkpoint when its records are archived.

    Its records are those of its class after `after_xid, after_id` up to `last_xid, last_id`, in the order of the
    transactions that wrote them.
    """

    number = models.PositiveBigIntegerField(primary_key=True)
    retention = models.CharField(max_length=12)
    after_xid = TransactionId()
    after_id = models.BigIntegerField()
    last_xid = TransactionId()
    last_id = models.BigIntegerField()
    lowest_id = models.BigIntegerField()
    highest_id = models.BigIntegerField()
    newest_at = models.DateTimeField(help_text="When the newest of its records was written.")
    records = models.PositiveIntegerField()
    records_hash = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, unique=True)
    key_id = models.CharField(max_length=40)
    sealed_at = models.DateTimeField()
    hash = models.CharField(max_length=64)

    class Meta:
        default_permissions = ("view",)
        indexes = [models.Index(name="audit_segment_by_class", fields=["retention", "number"])]

    def __str__(self) -> str:
        return f"segment {self.number}"

    @property
    def link(self) -> chain.Link:
        return chain.Link(
            number=self.number,
            retention=self.retention,
            first_id=self.lowest_id,
            last_id=self.highest_id,
            records=self.records,
            records_hash=self.records_hash,
            previous_hash=self.previous_hash,
            key_id=self.key_id,
            sealed_at=self.sealed_at.isoformat(),
            hash=self.hash,
        )


class Archive(models.Model):
    """A file in the object store that holds the records of some segments; these alone may be dropped here."""

    retention = models.CharField(max_length=12)
    first_segment = models.PositiveBigIntegerField()
    last_segment = models.PositiveBigIntegerField()
    segments = models.PositiveIntegerField()
    records = models.PositiveIntegerField()
    file = models.CharField(max_length=200)
    archived_at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.file


class Verification(models.Model):
    """That somebody looked whether the audit log is what was sealed, and what was found.

    `stopped_at` is the segment after which the next look goes on; 0 when this one came to the end.
    """

    at = models.DateTimeField()
    intact = models.BooleanField()
    segments = models.PositiveBigIntegerField()
    records = models.PositiveBigIntegerField()
    seconds = models.FloatField()
    stopped_at = models.PositiveBigIntegerField(default=0)
    faults = models.JSONField(default=list)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return "intact" if self.intact else f"broken: {len(self.faults)} faults"
