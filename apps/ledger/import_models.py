"""Imports of journals and their entries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from apps.kernel.models import Tracked

R = TypeVar("R", bound=models.Model)


class JournalImport(Tracked):
    """An imported file.

    sha256   of its text
    entries  that were new, with their `lines`
    known    entries that were in the books already
    job_id   the job that posts the entries; empty without any
    """

    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    entries = models.PositiveIntegerField()
    lines = models.PositiveIntegerField()
    known = models.PositiveIntegerField(default=0)
    job_id = models.BigIntegerField(null=True, unique=True)
    imported_at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)
        permissions = [("import_journal", "Can import journals")]

    def __str__(self) -> str:
        return gettext("{entries} entries with {lines} lines from {name}").format(
            entries=self.entries, lines=self.lines, name=self.name
        )


class _FromFileQuerySet(models.QuerySet[R]):
    """Entries of files, by what identifies them."""

    def numbered(self, numbers: Iterable[str]) -> Self:
        return self.exclude(number="").filter(number__in=numbers)

    def unnumbered(self, digests: Iterable[str]) -> models.QuerySet[R, str]:
        """The digests that exist."""
        return self.filter(number="", digest__in=digests).values_list("digest", flat=True)


class _FromFile(Tracked):
    """An entry of an imported file, identified by its number, day and lines.

    row     in which it begins
    number  in the file; empty for an entry without one
    digest  of the day and the lines (`import_identity.digest_of`)
    """

    journal_import = models.ForeignKey(JournalImport, on_delete=models.PROTECT, related_name="+")
    row = models.PositiveIntegerField()
    number = models.CharField(max_length=120, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        abstract = True


class StagedEntry(_FromFile):
    """An entry of an import that is not posted yet. The job posts it and deletes this row.

    lines  [account code, currency, amount in major units], …
    """

    posted_on = models.DateField()
    payee = models.CharField(max_length=200, blank=True)
    narration = models.TextField(blank=True)
    lines = models.JSONField()

    objects: ClassVar = _FromFileQuerySet["StagedEntry"].as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="ledger_staged_row_once", fields=["journal_import", "row"]),
            models.UniqueConstraint(
                name="ledger_staged_entry_once", fields=["number", "digest"], condition=~Q(number="")
            ),
        ]
        indexes = [
            models.Index(name="ledger_staged_unnumbered", fields=["digest"], condition=Q(number="")),
            models.Index(name="ledger_staged_by_day", fields=["posted_on"]),
        ]

    def __str__(self) -> str:
        return f"{self.journal_import_id}.{self.row}"


class ImportedEntry(_FromFile):
    """An entry of an import that is posted, as `entry`."""

    entry = models.OneToOneField("ledger.Entry", on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = _FromFileQuerySet["ImportedEntry"].as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="ledger_imported_entry_once", fields=["number", "digest"], condition=~Q(number="")
            ),
        ]
        indexes = [
            models.Index(name="ledger_imported_unnumbered", fields=["digest"], condition=Q(number="")),
        ]

    def __str__(self) -> str:
        return f"{self.journal_import_id}.{self.row}"
