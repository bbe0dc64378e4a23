"""Sign-in by the address of the user's own row."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from apps.identity.models import User


class OwnAddressBackend(ModelBackend):
    """settings.AUTHENTICATION_BACKENDS. The backend of django-allauth would also accept the addresses of its own table,
    verified or not, which no administrator sees. Django's forms, whose guesses have no limits, pass a username, which
    signs no user in."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> User | None:
        email = credentials.get("email")
        if not email or not password:
            return None
        user = User.objects.with_email(email)
        if user is None:
            User().set_password(password)  # takes as long as the check of a password
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None
