"""How django-allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by himself: a tenant's people are invited, operators are made by operators."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
