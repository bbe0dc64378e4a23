"""The behaviour of django-allauth."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse

from apps.tenancy import lifecycle

from .accounts import attempts, devices, failures, reauthentication
from .allauth_internals import is_over_the_api
from .errors import TooManyAttempts
from .sessions import browser

LOGGED_OUT = "account/messages/logged_out.txt"


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up is closed: a tenant's users are invited, operators are invited by operators."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """For the console and the API. Raises TooManyAttempts."""
        email, source = str(credentials.get("email") or ""), attempts.source_of(request)
        try:
            attempt = attempts.begin(request, email)
        except TooManyAttempts:
            failures.count(email, source, locked_out=True)
            raise
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is None:
            failures.count(email, source, locked_out=False)
        else:
            attempt.succeeded()
        return user

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **options: Any) -> HttpResponse | None:
        """For the console and the API. Raises the refusal of a tenant that is closed to the user."""
        lifecycle.must_admit(user)
        return super().pre_login(request, user, **options)

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse:
        """The console's browser is known from now on. Of the API's response only the body is used."""
        response: HttpResponse = super().post_login(request, user, **options)
        if not is_over_the_api(request):
            browser.begin(request, user)
        reauthentication.remember(request)
        devices.remember(request, response, user)
        return response

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **options: Any,
    ) -> None:
        """Not after sign-out: the message would be stored in a new session, of a visitor."""
        if message_template != LOGGED_OUT:
            super().add_message(request, level, message_template, *args, **options)
