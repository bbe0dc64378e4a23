"""Users of one schema: the platform's operators in public, a tenant's own people in its schema."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from apps.audit.history import field_history
from apps.kernel.models import Tracked

from .impersonation.models import Impersonation, Visit

__all__ = ["Impersonation", "User", "UserManager", "Visit"]


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(Tracked, AbstractBaseUser, PermissionsMixin):
    """Somebody who logs in by e-mail address. Roles are groups; what a role may do is in the modules' manifests."""

    email = models.EmailField()
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=True, help_text="May enter the console.")
    joined_at = models.DateTimeField()

    hidden = ("password",)

    history = field_history(excluded_fields=["password", "last_login"])
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

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ", maxsplit=1)[0] or self.email
