"""Restoring: an earlier document as a new draft, with one command."""

from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.flags import queries
from apps.flags.commands import RestoreRevision
from apps.flags.errors import FlagInvalid, NothingChanged, RevisionNotFound
from apps.kernel.tenant import activate
from tests.support.flag_changes import (
    REASON,
    changed,
    created,
    item,
    narrowed,
    publication,
    published,
    segment,
    served_flag,
)
from tests.support.published_flags import KEY, document

pytestmark = pytest.mark.exhaustive("each kind of restored revision", one_in=3)


def restored(actor, revision):
    return dispatch(RestoreRevision(revision_id=revision.pk, reason=REASON), actor=actor)


def test_a_restored_revision_is_a_draft_and_after_its_publication_served(operator):
    first = served_flag(operator).revisions.get()
    published(operator, changed(enabled=False))

    draft = restored(operator, first)

    assert (draft.origin, draft.is_draft, queries.latest("flag", KEY).document["enabled"]) == (
        "restore",
        True,
        False,
    )
    dispatch(publication(draft), actor=operator)
    assert queries.latest("flag", KEY).document == document()
    assert next(one.differences for one in queries.history("flag", KEY)) == [("/enabled", False, True)]


def test_a_removed_flag_comes_back(operator):
    first = served_flag(operator).revisions.get()
    published(operator, item("flag", KEY, None))

    dispatch(publication(restored(operator, first)), actor=operator)

    assert queries.rule_set().evaluate(KEY, None, {}).value is True


def test_the_present_revision_or_a_draft_is_not_restored(operator):
    served = served_flag(operator).revisions.get()
    draft = created(operator, "other").revisions.get()

    with pytest.raises(NothingChanged):
        restored(operator, served)
    with pytest.raises(RevisionNotFound):
        restored(operator, draft)


def test_a_revision_that_has_become_invalid_is_refused(operator):
    published(operator, segment("beta", {"op": "always"}))
    beta = [{"name": "beta", "when": {"segment": "beta"}, "serve": "on"}]
    first = served_flag(operator, rules=beta).revisions.get()
    published(operator, changed(rules=[]))
    published(operator, segment("beta", None))

    with pytest.raises(FlagInvalid):
        restored(operator, first)


def test_a_tenant_restores_an_override_and_no_revision_of_the_platform(operator, owner, acme):
    served_flag(operator)
    with activate(acme):
        first = published(owner, narrowed(percentage=10.0)).revisions.get()
        published(owner, narrowed(percentage=20.0))

        dispatch(publication(restored(owner, first)), actor=owner)

        assert queries.latest("override", KEY).document["percentage"] == 10.0
