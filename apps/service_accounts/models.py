"""Service accounts and the digests of their tokens."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.cache.caching import Cached
from apps.kernel.clock import now
from apps.kernel.models import Tracked
from apps.kernel.tenant import current_tenant

from .errors import ServiceTokenInvalid

MAX_LIFE = dt.timedelta(days=368)
"""The limit of the database: of a day that is at most 366 days ahead, the end."""


class ServiceAccount(Tracked):
    """An account of a program.

    owner       the person that answers for it
    scopes      permissions; what the account can do
    new_token   the token after its creation, shown once and stored nowhere
    """

    name = models.CharField(max_length=80)
    purpose = models.CharField(max_length=300)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.CharField(max_length=120))
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.TextField(blank=True)

    new_token = ""

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_service_accounts", "Can create, rotate and revoke tokens of programs")]
        verbose_name = _("service account")
        constraints = [
            models.UniqueConstraint(Lower("name"), name="service_accounts_name_once"),
            models.CheckConstraint(name="service_accounts_has_scopes", condition=Q(scopes__len__gt=0)),
        ]

    def __str__(self) -> str:
        return gettext("service account {name} ({pk})").format(name=self.name, pk=self.pk)

    def revoke(self, reason: str) -> None:
        self.revoked_at, self.revoked_reason = now(), reason
        self.save(update_fields=["revoked_at", "revoked_reason"])
        grants.invalidate()


class ServiceTokenQuerySet(models.QuerySet["ServiceToken"]):
    def valid(self) -> ServiceTokenQuerySet:
        """Of the current tenant's present epoch: closing a tenant ends its tokens."""
        return self.filter(expires_at__gt=now(), tenant_epoch=_epoch(), account__revoked_at=None)

    def end_by(self, instant: dt.datetime) -> None:
        """None of them is valid later."""
        self.filter(expires_at__gt=instant).update(expires_at=instant)
        grants.invalidate()


class ServiceToken(models.Model):
    """A token of a service account: its digest, and its end, which never moves to a later instant.

    tenant_epoch  of the tenant when the token was made
    last_used_at  is written at most once a minute
    """

    account = models.ForeignKey(ServiceAccount, on_delete=models.PROTECT, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    tenant_epoch = models.PositiveIntegerField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    objects = ServiceTokenQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="service_accounts_token_ends", condition=Q(expires_at__lte=F("issued_at") + MAX_LIFE)
            )
        ]

    def __str__(self) -> str:
        return gettext("token {pk} of {account}").format(pk=self.pk, account=self.account)

    @property
    def is_valid(self) -> bool:
        return self.expires_at > now() and self.tenant_epoch == _epoch() and self.account.revoked_at is None


class Grant(NamedTuple):
    """What a valid token grants."""

    token_id: int
    account_id: int
    name: str
    scopes: tuple[str, ...]
    expires_at: dt.datetime
    tenant_epoch: int

    @property
    def is_valid(self) -> bool:
        return self.expires_at > now() and self.tenant_epoch == _epoch()


def _grant(digest: str) -> Grant:
    """Raises ServiceTokenInvalid, so that guesses are not cached."""
    token = ServiceToken.objects.valid().select_related("account").filter(digest=digest).first()
    if token is None:
        raise ServiceTokenInvalid
    account = token.account
    return Grant(
        token.pk, account.pk, account.name, tuple(account.scopes), token.expires_at, token.tenant_epoch
    )


def _epoch() -> int:
    tenant = current_tenant()
    return tenant.epoch if tenant else 0


grants: Cached[str, Grant] = Cached("service-tokens", _grant, shape=Grant, ttl=60)
"""By digest. All entries of a tenant are invalidated together, whenever one changes."""
