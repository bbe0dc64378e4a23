"""What leaves the audit log, and is valid only with a signature under a key of the seal.

The runtime may insert these rows, so a row alone proves nothing: verification ignores and reports a row without the
signature of a key of AUDIT_KEYS. A signature names segments by their hashes, so it is invalid in another audit log.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext

from . import chain
from .keys import keys, signing_key


class Authorised(models.Model):
    """A row with a signature of its facts."""

    key_id = models.CharField(max_length=40)
    signature = models.CharField(max_length=64)

    class Meta:
        abstract = True

    @property
    def facts(self) -> chain.Facts:
        raise NotImplementedError

    @property
    def _named_facts(self) -> chain.Facts:
        return (type(self).__name__, *self.facts)

    def sign(self) -> None:
        """Raises AuditKeyMissing."""
        self.key_id, key = signing_key()
        self.signature = chain.signature_of(self._named_facts, key)

    @property
    def is_authorised(self) -> bool:
        key = keys().get(self.key_id)
        return key is not None and chain.is_signature(self.signature, self._named_facts, key)


class ColdStorageFile(Authorised):
    """A file in the object store with the records of some segments. Only these records may be dropped here.

    hashes   hashes of the segments, in their order
    """

    retention = models.CharField(max_length=12)
    first_segment = models.PositiveBigIntegerField()
    last_segment = models.PositiveBigIntegerField()
    segments = models.PositiveIntegerField()
    records = models.PositiveIntegerField()
    file = models.CharField(max_length=200)
    hashes = models.JSONField(default=list)
    stored_at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.file

    @property
    def facts(self) -> chain.Facts:
        bounds = (self.first_segment, self.last_segment, self.segments, self.records)
        return (self.retention, *bounds, self.file, *self.hashes)


class Erasure(Authorised):
    """An erasure of a person. The database erases only texts that are listed in such a row.

    actor, content           ids of the records that lose these texts, in ranges: "3-5,9"
    versions                 versions of master data: [{table, field, ids}, …]
    head_number, head_hash   the newest segment at the time, which names the audit log
    """

    at = models.DateTimeField()
    actor = models.TextField(blank=True)
    content = models.TextField(blank=True)
    versions = models.JSONField(default=list)
    head_number = models.PositiveBigIntegerField()
    head_hash = models.CharField(max_length=64)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return gettext("erasure {number}").format(number=self.pk)

    @property
    def facts(self) -> chain.Facts:
        versions = [(one["table"], one["field"], one["ids"]) for one in self.versions]
        names = [text for version in versions for text in version]
        return (self.actor, self.content, self.head_number, self.head_hash, *names)
