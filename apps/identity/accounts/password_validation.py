"""Passwords that are easy to guess: few different characters, or mostly names of the tenant and the user."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext

from apps.kernel.tenant import current_tenant

PRODUCT = "bursar"
MIN_WORD_LENGTH = 3
"""Shorter words occur in any text."""


class DifferentCharacters:
    """Refuses a password with few different characters; blanks do not count."""

    def __init__(self, minimum: int = 5) -> None:
        self.minimum = minimum

    def validate(self, password: str, user: Any = None) -> None:
        if len(set(password.casefold()) - set(" \t\r\n\0\xa0")) < self.minimum:
            raise ValidationError(self.get_help_text(), code="password_too_uniform")

    def get_help_text(self) -> str:
        return ngettext(
            "The password must have at least {count} different character.",
            "The password must have at least {count} different characters.",
            self.minimum,
        ).format(count=self.minimum)


class NoKnownNames:
    """Refuses a password that has too few characters beside the names of the tenant, the user and the product."""

    def __init__(self, minimum: int = 8) -> None:
        self.minimum = minimum

    def validate(self, password: str, user: Any = None) -> None:
        left = _condensed(password)
        known = sorted(set(_known_names(user)), key=len, reverse=True)
        if not any(name in left for name in known):
            return
        for name in known:
            left = left.replace(name, "")
        if len(left) < self.minimum:
            raise ValidationError(self.get_help_text(), code="password_of_known_names")

    def get_help_text(self) -> str:
        return gettext("The password must not consist mainly of your name, address or organisation.")


def _known_names(user: Any) -> Iterable[str]:
    """Whole names and their words."""
    tenant = current_tenant()
    texts = [PRODUCT]
    if tenant:
        texts += [tenant.name, tenant.slug]
    if user is not None:
        texts += [user.name, user.email, *user.email.split("@")]
    for text in texts:
        for word in (text, *re.split(r"[\W_]+", text)):
            if len(name := _condensed(word)) >= MIN_WORD_LENGTH:
                yield name


def _condensed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
