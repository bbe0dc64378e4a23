"""The expiry of a flag is extended with a reason and an approval, not too often and not too long."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connections

from apps.bus import dispatch
from apps.flags import errors
from apps.flags.commands import ExtendFlag
from apps.flags.models import Flag
from apps.kernel.clock import now, today
from tests.support.approvals import approved, requested
from tests.support.published_flags import flag
from tests.support.sqlstate import APPROVAL, refused

REASON = "The old screen is needed until the audit."


def extend(row, actor, days=60, reason=REASON):
    return dispatch(
        ExtendFlag(flag_id=row.pk, expires_on=today() + dt.timedelta(days=days), reason=reason), actor=actor
    )


def test_an_extension_moves_the_expiry_and_is_counted(operator):
    row = flag(expires_on=today() + dt.timedelta(days=5))

    extended = extend(row, operator)

    assert (extended.expires_on, extended.extensions) == (today() + dt.timedelta(days=60), 1)


def test_the_number_of_extensions_is_limited_by_the_category(operator):
    """vespa-engine extends its flags by a routine change every month."""
    row = flag(expires_on=today() + dt.timedelta(days=1))
    extend(row, operator, 20)
    extend(row, operator, 30)

    with pytest.raises(errors.ExtensionRefused, match="extended 2 times"):
        extend(row, operator, 40)
    lasting = flag("ops", category="ops", expires_on=today() + dt.timedelta(days=1))
    for days in (10, 20, 30, 40):
        extend(lasting, operator, days)
    row.refresh_from_db()
    assert row.extensions == 2


def test_an_extension_is_later_than_the_expiry_and_within_the_lifetime_of_the_category(operator):
    row = flag(expires_on=today() + dt.timedelta(days=20))

    with pytest.raises(errors.ExtensionRefused):
        extend(row, operator, 20)
    with pytest.raises(errors.LifetimeTooLong):
        extend(row, operator, 121)
    with pytest.raises(errors.ReasonMissing):
        extend(row, operator, reason=" ")
    row.refresh_from_db()
    assert (row.extensions, row.expires_on) == (0, today() + dt.timedelta(days=20))


def test_a_retired_or_unknown_flag_is_not_extended(operator):
    row = flag()
    Flag.objects.filter(pk=row.pk).update(retired_at=now())

    with pytest.raises(errors.FlagIsRetired):
        extend(row, operator, 90)
    with pytest.raises(errors.FlagNotFound):
        dispatch(ExtendFlag(flag_id=0, expires_on=today(), reason=REASON), actor=operator)


@pytest.mark.physical_copy
def test_in_production_another_person_approves_the_extension(operator, second_operator, settings):
    settings.ENVIRONMENT = "production"
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION public.tenancy_environment() RETURNS text LANGUAGE sql STABLE"
            " RETURN 'production'"
        )
    row = flag(expires_on=today() + dt.timedelta(days=5))
    later = "UPDATE flags_flag SET expires_on = expires_on + 30, extensions = extensions + 1"
    command = ExtendFlag(flag_id=row.pk, expires_on=today() + dt.timedelta(days=60), reason=REASON)

    assert refused(later) == APPROVAL
    requested(command, operator)
    assert refused(later) == APPROVAL
    request = approved(command, operator, second_operator)

    row.refresh_from_db()
    assert (request.state, row.extensions) == ("executed", 1)
    assert refused(later) == APPROVAL
