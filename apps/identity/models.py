"""Users and API sessions of one schema: operators in the public schema, a tenant's users in its own."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, NamedTuple

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit.history import field_history, register_field_history
from apps.kernel.cache.caching import Cached
from apps.kernel.clock import now
from apps.kernel.models import Tracked

from . import roles
from .invitations.models import Invitation

__all__ = [
    "ApiSession",
    "Invitation",
    "RefreshToken",
    "TokenStatus",
    "User",
    "UserManager",
    "roles_of_users",
    "token_statuses",
]


class UserManager(BaseUserManager["User"]):
    def administrators(self) -> models.QuerySet[User]:
        """The active users that manage users: a tenant's owners, the platform's operators."""
        condition = Q(is_superuser=True) | Q(groups__name=roles.OWNER)
        return self.filter(condition, is_active=True).distinct()

    def with_email(self, email: str) -> User | None:
        """The user with this address, in upper or lower case.

        PostgreSQL's upper() also folds letters that Python keeps apart, such as the dotless i: without the comparison,
        an address could be typed in several ways, each with limits of its own."""
        user = self.filter(email__iexact=email.strip()).first()
        return user if user and user.email.casefold() == email.strip().casefold() else None

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(Tracked, AbstractBaseUser, PermissionsMixin):
    """A user who signs in by e-mail address. Roles are groups; their permissions are in the modules' manifests.

    epoch       invalidates older tokens when it grows. The database raises it with each change of the columns of
                `TOKEN_FIELDS`, and never lowers it.
    new_email   takes the place of `email` when a link sent to it is opened; empty if no change was requested
    """

    TOKEN_FIELDS = frozenset({"password", "email", "is_active", "is_staff", "is_superuser"})
    """A change of these invalidates the access tokens."""
    SIGN_IN_FIELDS = frozenset({"password", "is_active"})
    """A change of these ends the sessions as well."""
    staying_session_id: int | None = None
    """The session that survives such a change, on the instance that makes it: the one in which users change their
    own password."""

    email = models.EmailField()
    new_email = models.EmailField(_("requested e-mail address"), blank=True, default="", db_default="")
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=True, help_text=_("Can use the console."))
    joined_at = models.DateTimeField()
    epoch = models.PositiveIntegerField(default=0, db_default=0)

    hidden = ("password",)

    history = field_history(excluded_fields=["password", "last_login", "epoch"], m2m_fields=["groups"])
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
        """Every change of a password, also by allauth's pages, ends the sessions that were opened with the old one."""
        changed = {change.field for change in self._changes(kwargs.get("update_fields"))}
        with transaction.atomic():
            super().save(*args, **kwargs)
            if changed & self.SIGN_IN_FIELDS:
                sessions = ApiSession.objects.of(self).without(self.staying_session_id)
                sessions.end("the password or the account changed")
            if changed & self.TOKEN_FIELDS:
                self.refresh_from_db(fields=["epoch"])
                token_statuses.invalidate()

    def replace_password(self, password: str) -> None:
        """A requested change of the address lapses too: a stranger with the old password may have requested it."""
        self.set_password(password)
        self.new_email = ""
        self.save(update_fields=["password", "new_email"])

    def change_roles(self, groups: list[Group]) -> None:
        """Invalidates tokens with the old roles at once."""
        self.groups.set(groups)
        type(self).objects.filter(pk=self.pk).update(epoch=F("epoch") + 1)
        self.refresh_from_db(fields=["epoch"])
        token_statuses.invalidate()
        roles_of_users.invalidate()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ", maxsplit=1)[0] or self.email


register_field_history(Group, app="apps.identity", m2m_fields=["permissions"])


class TokenStatus(NamedTuple):
    """The values that a token must match: the user of its session, and the epoch of the user."""

    user_id: int
    epoch: int


CONSOLE_IDLE_LIMIT = dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)


class ApiSessionQuerySet(models.QuerySet["ApiSession"]):
    def of(self, user: User) -> ApiSessionQuerySet:
        return self.filter(user=user)

    def open(self) -> ApiSessionQuerySet:
        in_use = ~Q(kind=ApiSession.Kind.CONSOLE) | Q(last_used_at__gt=now() - CONSOLE_IDLE_LIMIT)
        return self.filter(in_use, ended_at=None, expires_at__gt=now(), user__is_active=True)

    def without(self, session_id: int | None) -> ApiSessionQuerySet:
        return self.exclude(pk=session_id) if session_id else self

    def end(self, end_reason: str) -> None:
        self.filter(ended_at=None).update(ended_at=now(), end_reason=end_reason)
        token_statuses.invalidate()

    def token_status(self, session_id: int) -> TokenStatus | None:
        """None for a session that has ended. A console reads it before the transaction of the request, and a
        transaction pooler requires one."""
        with transaction.atomic(savepoint=False):
            values = self.open().filter(pk=session_id).values_list("user_id", "user__epoch").first()
        return TokenStatus(*values) if values else None


class ApiSession(Tracked):
    """A user's session, from sign-in to sign-out: over the API a family of refresh tokens, in a console the content of
    Redis under a cookie.

    device            the User-Agent of the client, by which the user recognises it in the list
    address           the IP address at sign-in
    authenticated_at  when the user last proved their identity, by sign-in or by confirming the password
    expires_at        the latest end, also of an active session
    """

    class Kind(models.TextChoices):
        API = "api", _("API")
        CONSOLE = "console", _("Console")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.API)
    device = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=45, blank=True)
    began_at = models.DateTimeField()
    authenticated_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=200, blank=True)

    objects = ApiSessionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        verbose_name = _("session")

    def __str__(self) -> str:
        kinds = {
            self.Kind.API: gettext("API session {pk} of {user}"),
            self.Kind.CONSOLE: gettext("console session {pk} of {user}"),
        }
        return kinds[self.Kind(self.kind)].format(pk=self.pk, user=self.user)

    @property
    def is_open(self) -> bool:
        is_idle = self.kind == self.Kind.CONSOLE and self.last_used_at <= now() - CONSOLE_IDLE_LIMIT
        return self.ended_at is None and not is_idle and self.expires_at > now() and self.user.is_active

    def end(self, end_reason: str) -> None:
        """Its tokens are invalid from the commit on."""
        self.ended_at, self.end_reason = now(), end_reason
        self.save(update_fields=["ended_at", "end_reason"])
        token_statuses.invalidate()


class RefreshTokenQuerySet(models.QuerySet["RefreshToken"]):
    def claim(self, token: RefreshToken, at: dt.datetime) -> bool:
        """Mark the token as used. True for exactly one of several concurrent callers."""
        return self.filter(pk=token.pk, used_at=None).update(used_at=at) == 1


class RefreshToken(models.Model):
    """Continues a session, once. Only the digest of the token is stored."""

    session = models.ForeignKey(ApiSession, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = RefreshTokenQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="identity_one_unused_refresh_token", fields=["session"], condition=Q(used_at=None)
            )
        ]

    def __str__(self) -> str:
        return gettext("refresh token {pk} of session {session_id}").format(
            pk=self.pk, session_id=self.session_id
        )


token_statuses: Cached[int, TokenStatus | None] = Cached(
    "api-sessions",
    lambda session_id: ApiSession.objects.token_status(session_id),
    shape=TokenStatus | None,
    ttl=60,
)
"""By session id. All entries of a tenant are invalidated together, whenever one changes."""


def _role_names(user_id: int) -> tuple[str, ...]:
    return tuple(Group.objects.filter(user=user_id).order_by("name").values_list("name", flat=True))


roles_of_users: Cached[int, tuple[str, ...]] = Cached("roles", _role_names, shape=tuple[str, ...], ttl=60)
"""The names of roles by user id."""
