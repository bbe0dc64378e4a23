"""Audit records (one for each command and outcome, written once), the segments that seal them, and verifications."""

from __future__ import annotations

import json
import os
from typing import Any

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.db import outcome

from . import chain, retention, sentences
from .authorised import ColdStorageFile, Erasure
from .rollup.models import CommandMinute, RollupCursor
from .transaction_id import CurrentTransaction, TransactionId

__all__ = ["ColdStorageFile", "CommandMinute", "Erasure", "Record", "RollupCursor", "Segment", "Verification"]

ACTOR_FIELDS = ("actor_name", "impersonator_name", "sentence", "template", "arguments", "reason")
"""Fields that name people. The chain contains them through `actor_commitment`."""
CONTENT_FIELDS = ("request", "changes", "refusals")
"""The request and its effect. The chain contains them through `content_commitment`."""
COMMITMENT_FIELDS = ("actor_salt", "actor_commitment", "content_salt", "content_commitment")
WRITTEN_FIELDS = (
    *("command", "outcome", "actor_id", "subject_type", "subject_id", "correlation_id", "causation_id"),
    "duration_us",
    *(*ACTOR_FIELDS, *CONTENT_FIELDS, *COMMITMENT_FIELDS),
)
"""What the application writes; the database adds the rest."""
SALT_BYTES = 16


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


class RecordQuerySet(models.QuerySet["Record"]):
    def about(self, subject: models.Model) -> RecordQuerySet:
        return self.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))

    def by(self, actor_id: int) -> RecordQuerySet:
        return self.filter(actor_id=actor_id)

    def readings(self) -> RecordQuerySet:
        """Read access to the audit log."""
        return self.filter(retention=retention.ACCESS)

    def without_readings(self) -> RecordQuerySet:
        """The audit log without read access to it."""
        return self.exclude(retention=retention.ACCESS)

    def caused_together(self, correlation_id: str) -> RecordQuerySet:
        return self.filter(correlation_id=correlation_id).order_by("id")


class Record(models.Model):
    """One command and its outcome. Inserted by the function `record_outcome`, which sets id, time, transaction and
    class itself, and notes the session.

    sentence   the outcome in business language, in English
    template   the code of the sentence's template: the name of the command, or of a kind of read access
    arguments  a JSON object with the texts in its placeholders, hashed as it is written
    request    the fields of the command, without secrets
    changes    changed fields: [{object, field, before, after}, …]
    refusals   reasons of a refusal: [{code, detail}, …]
    subject    the object that the command is about, for the history of an object
    duration   microseconds until the record is written, without the commit; NULL for read access
    retention  the class, which determines the retention period
    xid        the transaction that wrote the record; sealing follows this order, so late commits are not missed
    database_user, backend_pid   the session that wrote it; the actor is what the application asserts

    A commitment binds to texts through a salt. Texts are erased together with their salt; the commitment stays.
    """

    class Outcome(models.TextChoices):
        DONE = "done", _("Done")
        REPEATED = "repeated", _("Repeated request")
        REFUSED = "refused", _("Refused")
        FAILED = "failed", _("Failed")

    at = models.DateTimeField()
    command = models.CharField(max_length=80)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    sentence = models.TextField()
    template = models.CharField(max_length=80, blank=True)
    arguments = models.TextField(default="{}")
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    impersonator_name = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    subject_type = models.CharField(max_length=80, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    request = models.JSONField()
    changes = models.JSONField(default=list)
    refusals = models.JSONField(default=list)
    correlation_id = models.CharField(max_length=64, blank=True)
    causation_id = models.CharField(max_length=64, blank=True)
    duration_us = models.PositiveBigIntegerField(null=True)

    retention = models.CharField(max_length=12)
    actor_salt = models.BinaryField(null=True)
    actor_commitment = models.BinaryField()
    content_salt = models.BinaryField(null=True)
    content_commitment = models.BinaryField()
    xid = TransactionId(db_default=CurrentTransaction(), editable=False)
    database_user = models.CharField(max_length=63, blank=True)
    backend_pid = models.IntegerField(default=0)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit record")
        verbose_name_plural = _("audit log")
        default_permissions = ("view",)
        permissions = [
            ("manage_retention", "Can move records of the audit log to cold storage and drop them"),
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
        """As the owner of the table, for tests: the runtime may not insert."""
        if self._state.adding:
            self.retention = retention.class_of(self.command)
            self.commit_to_texts()
        super().save(*args, **kwargs)

    def write(self) -> None:
        """With the outcome of the unit of work, or at once outside of one."""
        self.commit_to_texts()
        outcome.record("records", {name: _plain(getattr(self, name)) for name in WRITTEN_FIELDS})

    def commit_to_texts(self) -> None:
        """Sets the salts and commitments, once, before the row is written."""
        self.actor_salt, self.content_salt = os.urandom(SALT_BYTES), os.urandom(SALT_BYTES)
        self.actor_commitment = chain.commitment(
            self.actor_salt, chain.canonical_row([getattr(self, name) for name in ACTOR_FIELDS])
        )
        self.content_commitment = chain.commitment(
            self.content_salt,
            chain.canonical(chain.as_stored([getattr(self, name) for name in CONTENT_FIELDS])),
        )

    @property
    def shown_sentence(self) -> str:
        """The sentence in the reader's language. Without the actor and the reason after they were erased."""
        if self.actor_salt is None:
            return gettext("{title} (actor and reason erased)").format(title=self.title)
        sentence = sentences.Sentence(self.outcome, self.template, self.sentence_arguments)
        return sentences.shown(self.sentence, sentence)

    @property
    def sentence_arguments(self) -> sentences.Arguments:
        arguments: sentences.Arguments = json.loads(self.arguments)
        return arguments

    @property
    def is_erased(self) -> bool:
        """Whether texts of it were erased because they named a person."""
        return self.actor_salt is None or self.content_salt is None

    @property
    def title(self) -> str:
        """ "Post entry"; available after the sentence is erased."""
        return self.command.partition(".")[2].replace("_", " ").capitalize()


class Segment(models.Model):
    """Records that were sealed together: a link of the chain. It stays as a checkpoint after its records moved to cold
    storage.

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
    newest_at = models.DateTimeField(help_text=_("When the newest of its records was written."))
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
        return gettext("segment {number}").format(number=self.number)

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


class Verification(models.Model):
    """The result of one verification of the audit log.

    `stopped_at` is the segment after which the next run continues, or 0 when this run was complete.
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
        return (
            gettext("intact")
            if self.intact
            else gettext("broken: {count} faults").format(count=len(self.faults))
        )
