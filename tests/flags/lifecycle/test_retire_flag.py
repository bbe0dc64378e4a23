"""The end of a flag is a change set as any other; its owner may change before."""

from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.flags import errors
from apps.flags.commands import PublishChangeSet, RetireFlag, RollBackRollout, RolloutFeature, TransferFlag
from apps.flags.models import Flag
from tests.support.flag_changes import killed
from tests.support.published_flags import KEY, document, flag, plan, publish

REASON = "Everyone has the new screen."


def retire(actor, key=KEY, reason=REASON):
    return dispatch(RetireFlag(key=key, reason=reason), actor=actor)


def test_a_flag_is_retired_by_the_publication_of_its_draft(operator):
    publish(document())

    draft = retire(operator)
    assert not Flag.objects.get(key=KEY).is_retired
    assert (draft.origin, [revision.document for revision in draft.revisions.all()]) == ("retire", [None])
    dispatch(PublishChangeSet(change_set_id=draft.pk, reason=REASON), actor=operator)

    assert Flag.objects.get(key=KEY).is_retired
    with pytest.raises(errors.FlagIsRetired):
        retire(operator)


def test_a_flag_that_was_never_published_is_retired_at_once(operator):
    flag()

    assert retire(operator).is_retired


def test_a_flag_that_is_rolled_out_or_needed_by_another_is_not_retired(operator):
    publish(document(rollout=plan((1.0, 24), (100.0, 24))))
    dispatch(RolloutFeature(key=KEY, reason="As planned."), actor=operator)
    with pytest.raises(errors.RolloutInProgress):
        retire(operator)
    dispatch(RollBackRollout(key=KEY, reason="Errors."), actor=operator)
    publish(document("other", prerequisites=[{"flag": KEY, "variants": ["on"]}]), "other")

    with pytest.raises(errors.FeatureFlagRefusal):
        retire(operator)
    with pytest.raises(errors.ReasonMissing):
        retire(operator, "other", reason="")


def test_a_killed_flag_is_revived_before_it_is_retired(operator):
    publish(document())
    draft = retire(operator)
    killed(operator)

    with pytest.raises(errors.FlagIsKilled):
        retire(operator)
    with pytest.raises(errors.FlagIsKilled):
        dispatch(PublishChangeSet(change_set_id=draft.pk, reason=REASON), actor=operator)

    assert not Flag.objects.get(key=KEY).is_retired


def test_a_flag_has_another_owner_after_its_transfer(operator):
    flag()

    transferred = dispatch(
        TransferFlag(key=KEY, owner="new@bursar.example", reason="Another team."), actor=operator
    )

    assert transferred.owner == "new@bursar.example"
    assert Flag.history.filter(key=KEY).first().owner == "new@bursar.example"
    for owner in ("", "nobody", "a@"):
        with pytest.raises(errors.OwnerMissing):
            dispatch(TransferFlag(key=KEY, owner=owner, reason="Another team."), actor=operator)
