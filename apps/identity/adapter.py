"""How django-allauth behaves here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from apps.tenancy import lifecycle

from .models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by himself: a tenant's people are invited, operators are made by operators."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse | None:
        """At the console and over the API. Raises what a tenant answers that is closed to him."""
        lifecycle.must_admit(user)
        response: HttpResponse | None = super().pre_login(request, user, **options)
        return response
