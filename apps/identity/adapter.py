"""The behaviour of django-allauth."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from apps.tenancy import lifecycle

from .models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up is closed: a tenant's users are invited, operators are invited by operators."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse | None:
        """For the console and the API. Raises the refusal of a tenant that is closed to the user."""
        lifecycle.must_admit(user)
        response: HttpResponse | None = super().pre_login(request, user, **options)
        return response
