"""Encrypted secrets of endpoints and sources."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from apps.kernel import secrets
from apps.kernel.clock import now
from apps.kernel.models import Tracked
from apps.kernel.sealed_fields import SealedField

from .endpoints import Endpoint
from .received import Source


class SealedSecretQuerySet(models.QuerySet["SealedSecret"]):
    def valid(self) -> SealedSecretQuerySet:
        return self.filter(Q(retired_at=None) | Q(retired_at__gt=now())).order_by("-id")

    def permanent(self) -> SealedSecretQuerySet:
        return self.filter(retired_at=None)


class SealedSecret(Tracked):
    """An encrypted secret. Valid until `retired_at`, or permanently without."""

    hidden = ("sealed",)

    sealed = SealedField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    objects = SealedSecretQuerySet.as_manager()
    kind = ""

    class Meta:
        abstract = True
        default_permissions = ("view",)

    def __str__(self) -> str:
        return gettext("{kind} {pk} of {owner}").format(kind=self.kind, pk=self.pk, owner=self.owner)

    @property
    def owner(self) -> Endpoint | Source:
        raise NotImplementedError

    @property
    def context(self) -> str:
        """The encryption context: the owning row."""
        return f"{self.owner._meta.label_lower}:{self.owner.pk}"

    @property
    def is_valid(self) -> bool:
        return self.retired_at is None or self.retired_at > now()

    def seal(self, secret: str) -> None:
        self.sealed = secrets.encrypt(secret, self.context)

    def opened(self) -> str:
        return secrets.decrypt(self.sealed, self.context)

    def retire(self, at: dt.datetime) -> None:
        """Never later than an earlier retirement."""
        self.retired_at = min(at, self.retired_at or at)
        self.save(update_fields=["retired_at"])


class Secret(SealedSecret):
    """A secret for signing messages. During a rotation each valid secret signs."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="secrets")
    kind = "secret"

    class Meta(SealedSecret.Meta):
        pass

    @property
    def owner(self) -> Endpoint:
        return self.endpoint


class SourceSecret(SealedSecret):
    """A secret of a source. During a rotation several are valid."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="secrets")
    kind = "source secret"

    class Meta(SealedSecret.Meta):
        pass

    @property
    def owner(self) -> Source:
        return self.source
