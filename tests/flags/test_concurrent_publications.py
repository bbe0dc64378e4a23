"""Publications at the same time, with a connection each. Without lock and guard the second one clobbers the first."""

from __future__ import annotations

import threading
from itertools import count

import pytest
from django.db import connections

from apps.bus import dispatch
from apps.flags.errors import FlagConflict
from apps.flags.handlers import publish_change_set as handler
from apps.flags.models import ChangeSet, Revision
from apps.flags.rules import publication as rules
from apps.kernel.db.locks import LockKey
from tests.support.flag_changes import changed, proposed, publication, served_flag
from tests.support.published_flags import KEY
from tests.support.threads import together

BOTH = 2


@pytest.fixture
def drafts(operator):
    served_flag(operator)
    return [proposed(operator, changed(roles=[role])) for role in ("controller", "auditor")]


def publish_both(drafts, operator):
    number = count()
    return together(BOTH, lambda: dispatch(publication(drafts[next(number)]), actor=operator), None)


def of_each(drafts):
    return sorted(
        ChangeSet.objects.filter(pk__in=[draft.pk for draft in drafts]).values_list("state", flat=True)
    )


def test_of_two_publications_from_one_base_one_succeeds_and_the_other_meets_a_conflict(drafts, operator):
    results = publish_both(drafts, operator)

    (refusal,) = (result for result in results if isinstance(result, Exception))
    assert isinstance(refusal, FlagConflict)
    assert refusal.context["diff"]
    assert of_each(drafts) == ["published", "void"]


@pytest.mark.physical_copy
def test_without_lock_and_guard_the_second_publication_clobbers_the_first(drafts, operator, monkeypatch):
    """The negative control of the test above: both validate before one of them commits."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP TRIGGER flags_changeset_guard ON flags_changeset")
    both_are_here = threading.Barrier(BOTH)
    validate = rules.documents_must_be_valid

    def validated(items):
        both_are_here.wait(timeout=60)
        return validate(items)

    monkeypatch.setattr(LockKey, "hold", lambda self, cursor: None)
    monkeypatch.setattr(rules, "documents_must_be_valid", validated)
    monkeypatch.setattr("apps.flags.queries.drafts_on", lambda keys: [])
    monkeypatch.setattr(
        handler, "_roll_out", lambda revision: None
    )  # the dropped guard notes its transaction

    results = publish_both(drafts, operator)

    assert not [result for result in results if isinstance(result, Exception)]
    assert of_each(drafts) == ["published", "published"]
    assert Revision.objects.published().filter(key=KEY).count() == 3
