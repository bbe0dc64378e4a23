"""The behaviour of django-allauth."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse

from apps.tenancy import lifecycle


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up is closed: a tenant's users are invited, operators are invited by operators."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **options: Any) -> HttpResponse | None:
        """For the console and the API. Raises the refusal of a tenant that is closed to the user."""
        lifecycle.must_admit(user)
        return super().pre_login(request, user, **options)
