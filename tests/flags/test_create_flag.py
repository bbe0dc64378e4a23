"""Creation of flags: the register demands category, owner and expiry; nothing is served before a publication."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied, PlatformOnly
from apps.events.models import OutboxEvent
from apps.flags import queries
from apps.flags.errors import (
    CategoryUnknown,
    FlagExists,
    FlagInvalid,
    FlagKeyMalformed,
    FlagVariableTaken,
    LifetimeTooLong,
    OwnerMissing,
    ReasonMissing,
)
from apps.flags.models import ChangeSet, Flag, Revision
from apps.flags.policies import POLICIES
from apps.identity import queries as identity
from apps.kernel.clock import today
from apps.kernel.errors import SeveralRefusals
from tests.support.flag_changes import REASON, created, creation
from tests.support.published_flags import KEY, OWNER, document

pytestmark = pytest.mark.exhaustive("each refusal of the register", one_in=4)


def test_a_created_flag_is_registered_and_its_document_is_a_draft(operator):
    draft = created(operator)

    flag = Flag.objects.get(key=KEY)
    assert (flag.key, flag.category, flag.owner) == (KEY, "release", OWNER)
    assert (draft.state, draft.origin, draft.reason) == ("draft", "create", REASON)
    assert draft.revisions.get().document == document()
    assert queries.latest("flag", KEY) is None
    assert OutboxEvent.objects.filter(name="feature_flag.created", payload__key=KEY).count() == 1


@pytest.mark.parametrize("category", POLICIES)
def test_the_policy_of_the_category_limits_the_lifetime(operator, category):
    latest = POLICIES[category].latest_expiry(today())

    with pytest.raises(LifetimeTooLong):
        dispatch(creation(category=category, expires_on=latest + dt.timedelta(days=1)), actor=operator)
    dispatch(creation(category=category, expires_on=latest), actor=operator)

    assert Flag.objects.get(key=KEY).expires_on == latest


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"category": "temporary"}, CategoryUnknown),
        ({"owner": ""}, OwnerMissing),
        ({"owner": "the team"}, OwnerMissing),
        ({"expires_on": dt.date(2020, 1, 1)}, LifetimeTooLong),
        ({"reason": " "}, ReasonMissing),
        ({"document": document("another.key")}, FlagInvalid),
        ({"document": {**document(), "format": 2}}, FlagInvalid),
        ({"key": "..", "document": document("..")}, FlagKeyMalformed),
        ({"key": "-a", "document": document("-a")}, FlagKeyMalformed),
        ({"key": "k" * 101, "document": document("k" * 101)}, FlagKeyMalformed),
        ({"key": "webhooks-sending", "document": document("webhooks-sending")}, FlagVariableTaken),
        ({"document": document(entitlement="pay-roll")}, FlagInvalid),
        ({"document": document(roles=["controler"])}, FlagInvalid),
        ({"document": document(off_variant="on")}, FlagInvalid),
        ({"document": document(off_variant=None)}, FlagInvalid),
    ],
)
def test_a_flag_that_lacks_something_is_refused_and_leaves_no_row(operator, fields, refusal):
    with pytest.raises(refusal):
        dispatch(creation(**fields), actor=operator)

    assert not Flag.objects.filter(key=KEY).exists()
    assert not ChangeSet.objects.exists()
    assert not Revision.objects.exists()


def test_problems_of_the_register_are_refused_together(operator):
    with pytest.raises(SeveralRefusals) as caught:
        dispatch(creation(owner="", category="temporary"), actor=operator)

    assert {type(refusal) for refusal in caught.value.refusals} == {OwnerMissing, CategoryUnknown}


def test_a_second_flag_of_a_key_is_refused(operator):
    created(operator)

    with pytest.raises(FlagExists):
        created(operator)


def test_the_scope_features_manage_is_the_permission_to_create_a_flag(operator, controller, at_acme):
    assert identity.permission_of("features.manage") == "flags.manage_flags"
    with pytest.raises(PlatformOnly):
        dispatch(creation(), actor=operator)
    assert not controller.has_perm("flags.manage_flags")


def test_an_operator_without_the_permission_is_refused(controller):
    with pytest.raises(PermissionDenied):
        dispatch(creation(), actor=controller)


def test_the_audit_record_of_a_creation_has_key_and_reason(operator):
    created(operator)

    record = Record.objects.get(command="flags.create_flag")
    assert record.reason == REASON
    assert record.request["document"] == document()
