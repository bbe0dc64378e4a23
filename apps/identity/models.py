"""Users of one schema: the platform's operators in public, a tenant's own people in its schema."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, NamedTuple

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower

from apps.audit.history import field_history
from apps.kernel.caching import Cached
from apps.kernel.clock import now
from apps.kernel.models import Tracked

from . import roles
from .impersonation.models import Impersonation, SupportSession

__all__ = [
    "ApiSession",
    "Impersonation",
    "RefreshToken",
    "SupportSession",
    "TokenStatus",
    "User",
    "UserManager",
    "token_statuses",
]


class UserManager(BaseUserManager["User"]):
    def administrators(self) -> models.QuerySet[User]:
        """Who can sign in and let others in: a tenant's owners, the platform's operators."""
        administrators = Q(is_superuser=True) | Q(groups__name=roles.OWNER)
        return self.filter(administrators, is_active=True).distinct()

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(Tracked, AbstractBaseUser, PermissionsMixin):
    """Somebody who logs in by e-mail address. Roles are groups; what a role may do is in the modules' manifests.

    epoch   grows whenever what tokens say of the user is no longer so; older tokens end. The database raises it with
            the columns of `TELLING` and never lowers it, whoever writes the row.
    """

    TOKEN_FIELDS = frozenset({"password", "is_active", "is_staff", "is_superuser"})
    """A change of these ends the access tokens."""
    SIGN_IN_FIELDS = frozenset({"password", "is_active"})
    """A change of these ends the sessions as well."""

    email = models.EmailField()
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=True, help_text="May enter the console.")
    joined_at = models.DateTimeField()
    epoch = models.PositiveIntegerField(default=0, db_default=0)

    hidden = ("password",)

    history = field_history(excluded_fields=["password", "last_login", "epoch"])
    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_users", "Can invite users and give them roles")]
        constraints = [models.UniqueConstraint(Lower("email"), name="identity_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def role_names(self) -> list[str]:
        return sorted(group.name for group in self.groups.all())

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Whichever page changes a password, allauth's own too, ends what was given on the old one."""
        changed = {change.field for change in self._changes(kwargs.get("update_fields"))}
        with transaction.atomic():
            super().save(*args, **kwargs)
            if changed & self.SIGN_IN_FIELDS:
                ApiSession.objects.of(self).end("the password or the account changed")
            if changed & self.TOKEN_FIELDS:
                self.refresh_from_db(fields=["epoch"])
                token_statuses.invalidate()

    def change_roles(self, groups: list[Group]) -> None:
        """Tokens that say the old ones end at once."""
        self.groups.set(groups)
        type(self).objects.filter(pk=self.pk).update(epoch=F("epoch") + 1)
        self.refresh_from_db(fields=["epoch"])
        token_statuses.invalidate()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ", maxsplit=1)[0] or self.email


class TokenStatus(NamedTuple):
    """What a token must agree with: whose session it is of, and how often what is said of him has changed."""

    user_id: int
    epoch: int


class ApiSessionQuerySet(models.QuerySet["ApiSession"]):
    def of(self, user: User) -> ApiSessionQuerySet:
        return self.filter(user=user)

    def open(self) -> ApiSessionQuerySet:
        return self.filter(ended_at=None, expires_at__gt=now(), user__is_active=True)

    def end(self, end_reason: str) -> None:
        self.filter(ended_at=None).update(ended_at=now(), end_reason=end_reason)
        token_statuses.invalidate()

    def token_status(self, session_id: int) -> TokenStatus | None:
        """None where it has ended."""
        said = self.open().filter(pk=session_id).values_list("user_id", "user__epoch").first()
        return TokenStatus(*said) if said else None


class ApiSession(Tracked):
    """Somebody is logged in over the API, from his password to his logout: the family of his refresh tokens.

    device        what the client says it is, so that he knows it again in the list
    expires_at    however busy it is, it ends then
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    device = models.CharField(max_length=200, blank=True)
    began_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=200, blank=True)

    objects = ApiSessionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        verbose_name = "API session"

    def __str__(self) -> str:
        return f"API session {self.pk} of {self.user}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None and self.expires_at > now() and self.user.is_active

    def end(self, end_reason: str) -> None:
        """Its tokens are worth nothing from the commit on."""
        self.ended_at, self.end_reason = now(), end_reason
        self.save(update_fields=["ended_at", "end_reason"])
        token_statuses.invalidate()


class RefreshTokenQuerySet(models.QuerySet["RefreshToken"]):
    def claim(self, token: RefreshToken, at: dt.datetime) -> bool:
        """Whether it is this caller who uses it: of two at the same moment the database lets one."""
        return self.filter(pk=token.pk, used_at=None).update(used_at=at) == 1


class RefreshToken(models.Model):
    """What a session is continued with, once. The token itself is with its owner: here is only its digest."""

    session = models.ForeignKey(ApiSession, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = RefreshTokenQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="identity_one_refresh_token_at_hand", fields=["session"], condition=Q(used_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"refresh token {self.pk} of session {self.session_id}"


token_statuses: Cached[int, TokenStatus | None] = Cached(
    "api-sessions", lambda session_id: ApiSession.objects.token_status(session_id), ttl=60
)
"""Session → what its tokens must agree with. A tenant's are forgotten together, whenever one of them changes."""
