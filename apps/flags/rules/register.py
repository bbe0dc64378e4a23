"""Validation of the register: keys, categories, owners and expiry."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.flags import queries
from apps.flags.errors import (
    CategoryUnknown,
    FlagExists,
    FlagKeyMalformed,
    FlagNotFound,
    FlagVariableTaken,
    LifetimeTooLong,
    OwnerMissing,
)
from apps.flags.models import Flag
from apps.flags.policies import POLICIES, Policy, policy_of
from apps.kernel.features import DECLARED, KEY, variable_of


def category_must_be_known(category: str) -> Policy:
    if category not in POLICIES:
        raise CategoryUnknown(category=category, known=", ".join(POLICIES))
    return policy_of(category)


def owner_must_be_given(owner: str) -> str:
    try:
        validate_email(owner)
    except ValidationError as error:
        raise OwnerMissing from error
    return owner


def expiry_must_fit_category(category: str, expires_on: dt.date, day: dt.date) -> None:
    """In the future, and within the lifetime that the policy of the category allows."""
    latest = category_must_be_known(category).latest_expiry(day)
    if not day < expires_on <= latest:
        raise LifetimeTooLong(category=Flag.Category(category).label, latest=latest)


def key_must_be_free(key: str) -> None:
    """The key fits addresses, and it and its variable are those of no other flag."""
    if not KEY.match(key):
        raise FlagKeyMalformed(key=key)
    for other in {*DECLARED, *Flag.objects.values_list("key", flat=True)}:
        if other == key and Flag.objects.filter(key=key).exists():
            raise FlagExists(key=key)
        if other != key and variable_of(other) == variable_of(key):
            raise FlagVariableTaken(key=key, other=other, variable=variable_of(key))


def flag_must_exist(key: str) -> Flag:
    """A flag of the platform, also during the work of a tenant."""
    flag = queries.flag_of_platform(key)
    if flag is None:
        raise FlagNotFound(key=key)
    return flag
