"""A published change that waits for its date: an edit does not serve it early, and a cancellation needs no approval."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.bus import dispatch
from apps.events.models import OutboxEvent
from apps.flags import queries
from apps.flags.commands import CancelScheduledChange
from apps.flags.errors import ChangeContinued, ChangeScheduled, NotScheduled
from apps.flags.models import ChangeSet, Flag
from apps.kernel.clock import moved_to, now
from tests.support.approvals import approved
from tests.support.flag_changes import REASON, changed, item, proposed, publication, published, served_flag
from tests.support.published_flags import KEY
from tests.support.sqlstate import refused

FIXED = "BF001"
LATER = dt.timedelta(days=3)


@pytest.fixture
def scheduled(operator):
    """The flag is on, and is off from a day in three days on."""
    served_flag(operator)
    return published(operator, changed(enabled=False), effective_at=now() + LATER)


def cancel(change_set, actor):
    command = CancelScheduledChange(change_set_id=change_set.pk, reason=REASON)
    return dispatch(command, actor=actor)


def test_an_edit_of_a_change_that_waits_does_not_serve_it_before_its_date(operator, scheduled):
    assert queries.is_on(KEY)

    for early in (None, now() + dt.timedelta(days=1)):
        with pytest.raises(ChangeScheduled, match=f"change set {scheduled.pk}"):
            proposed(operator, changed(enabled=False, roles=["controller"]), effective_at=early)

    assert queries.is_on(KEY)
    assert not ChangeSet.objects.filter(state="draft").exists()


def test_an_edit_from_the_date_on_continues_it(operator, scheduled):
    later = published(
        operator, changed(enabled=False, roles=["controller"]), effective_at=scheduled.effective_at
    )

    with pytest.raises(ChangeContinued, match=f"Change set {later.pk} continues"):
        cancel(scheduled, operator)
    cancel(later, operator)
    cancel(scheduled, operator)

    with moved_to(now() + 2 * LATER):
        assert queries.rule_set(now()).evaluate(KEY, None, {}).value is True


def test_a_cancelled_change_is_not_served_on_its_date(operator, second_operator, scheduled, settings):
    """Also in production, where a publication needs an approval."""
    settings.ENVIRONMENT = "production"
    draft = proposed(operator, changed(roles=["controller"]), effective_at=now() + 2 * LATER)
    epoch = queries.epoch()

    cancel(scheduled, operator)

    scheduled.refresh_from_db()
    assert (scheduled.state, scheduled.published_at is not None) == ("cancelled", True)
    assert queries.epoch() > epoch
    assert ChangeSet.objects.get(pk=draft.pk).state == "void"
    assert OutboxEvent.objects.filter(name="feature_flag.changed").count() == 3
    with moved_to(now() + 2 * LATER):
        assert queries.rule_set(now()).evaluate(KEY, None, {}).value is True
    edit = proposed(operator, changed(roles=["controller"]))
    assert approved(publication(edit), operator, second_operator).state == "executed"


def test_a_cancelled_retirement_leaves_the_flag_in_the_register(operator):
    served_flag(operator)
    retirement = published(operator, item("flag", KEY, None), effective_at=now() + LATER)
    assert Flag.objects.get(key=KEY).is_retired

    cancel(retirement, operator)

    assert not Flag.objects.get(key=KEY).is_retired


def test_a_change_in_effect_is_not_cancelled(operator, scheduled):
    first = ChangeSet.objects.order_by("pk")[0]
    with pytest.raises(NotScheduled, match="published"):
        cancel(first, operator)
    with moved_to(scheduled.effective_at), pytest.raises(NotScheduled):
        cancel(scheduled, operator)

    cancel(scheduled, operator)
    with pytest.raises(NotScheduled, match="cancelled"):
        cancel(scheduled, operator)


def test_raw_sql_cancels_only_what_waits_and_changes_nothing_else(operator, scheduled):
    first = ChangeSet.objects.order_by("pk")[0]
    update = "UPDATE flags_changeset SET state = 'cancelled'{} WHERE id = {}"

    assert refused(update.format("", first.pk)) == FIXED
    assert refused(update.format(", effective_at = now()", scheduled.pk)) == FIXED
    assert refused(update.format(", published_at = NULL", scheduled.pk)) == FIXED
    cancel(scheduled, operator)
    assert refused(f"UPDATE flags_changeset SET state = 'published' WHERE id = {scheduled.pk}") == FIXED
