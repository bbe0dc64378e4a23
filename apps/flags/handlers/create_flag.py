"""Creation of a flag: its row in the register, and its first document as a draft."""

from __future__ import annotations

from apps.bus import handles
from apps.events import publish
from apps.flags.commands import CreateFlag, ItemChange
from apps.flags.documents import FLAG
from apps.flags.events import FeatureFlagCreated, FeatureFlagsProposed
from apps.flags.models import Flag
from apps.flags.policies import day_of_expiry
from apps.flags.rules import register
from apps.kernel.clock import now
from apps.kernel.errors import together

from .drafting import draft


@handles(CreateFlag, emits=(FeatureFlagCreated, FeatureFlagsProposed))
def create_flag(command: CreateFlag) -> Flag:
    with together() as checks:
        checks.check(register.key_must_be_free, command.key)
        checks.check(register.owner_must_be_given, command.owner)
        checks.check(register.expiry_must_fit_category, command.category, command.expires_on, day_of_expiry())

    flag = registered(
        key=command.key,
        category=command.category,
        value_type=command.document.get("type"),
        description=command.description,
        owner=command.owner,
        expires_on=command.expires_on,
        posting=command.document.get("posting") is True,
    )
    draft([ItemChange(FLAG, command.key, command.document, 0)], command.reason, origin="create")

    publish(FeatureFlagCreated(key=flag.key, category=flag.category))
    return flag


def registered(**values: object) -> Flag:
    """An unknown type of values is a problem of the document, which the draft reports with its place."""
    if values["value_type"] not in Flag.ValueType.values:
        values["value_type"] = Flag.ValueType.BOOLEAN
    return Flag.objects.create(created_at=now(), **values)
