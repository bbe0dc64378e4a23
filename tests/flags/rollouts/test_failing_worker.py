"""A worker process whose commands fail pauses a rollout: from the failure to the notice, with real processes."""

from __future__ import annotations

import pytest

from apps.audit import tasks as audit
from apps.events.models import OutboxEvent
from apps.flags import listeners, tasks
from apps.flags.events import FeatureFlagRolloutProgressed
from apps.flags.models import Rollout, RolloutStep
from apps.kernel.tenant import activate
from apps.notices.models import Notice
from tests.support.processes import eventually
from tests.support.published_flags import KEY, OWNER, plan
from tests.support.workers import Workers, has
from tests.support.workload import add_channel

COMMANDS = 5
GUARD = {
    "measure": "failures",
    "command": "notices.add_notification_channel",
    "limit": 0.2,
    "minimum": COMMANDS,
    "scope": "each_tenant",
}


@pytest.fixture
def rollout(rollout_of):
    return rollout_of(plan((5.0, 24), (100.0, 24), guards=[GUARD]))


@pytest.fixture
def run(environment, acme):
    """Has a worker with these keys execute the commands in acme."""

    def executed(outcome, **changed):
        workers, names = Workers({**environment, **changed}), [f"{outcome[:2]} {n}" for n in range(COMMANDS)]
        workers.start()
        with activate(acme):
            for name in names:
                add_channel.delay(name)
        try:
            eventually(lambda: all(has(f"{name} {outcome}") for name in names), timeout_s=60)
        finally:
            workers.end()

    return executed


def rolled_up(*tenants):
    for tenant in tenants:
        audit.seal.apply(headers={"tenant": tenant.id}, throw=True)


def progressed():
    tasks.progress_rollouts.apply(headers={"tenant": "public"}, throw=True)


@pytest.mark.exhaustive("starts two worker processes")
@pytest.mark.slow("starts two worker processes")
def test_a_worker_whose_commands_fail_pauses_the_rollout(rollout, run, acme, globex, all_ended):
    run("added")
    all_ended()
    rolled_up(acme, globex)
    progressed()
    rollout.refresh_from_db()
    assert rollout.state == Rollout.State.PROGRESSING

    run("failed: ImproperlyConfigured", FIELD_KEYS="worn:out")
    all_ended()
    rolled_up(acme, globex)
    progressed()

    rollout.refresh_from_db()
    step = RolloutStep.objects.latest("pk")
    assert (rollout.state, step.by_name, step.percentage) == ("paused", "System (rollouts)", 5.0)
    assert "failures of notices.add_notification_channel in acme: 50.00%, more than 20.00%." in step.reason
    event = OutboxEvent.objects.filter(name="feature_flag.rollout_progressed").latest("pk")
    listeners.announce_stopped_rollout(FeatureFlagRolloutProgressed(**event.payload))
    notice = Notice.objects.get(kind="feature_flag.rollout")
    assert notice.to == [OWNER]
    assert KEY in notice.subject
