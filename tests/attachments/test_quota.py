"""The quota in bytes, per plan, for concurrent uploads as well."""

from __future__ import annotations

import pytest

from apps.attachments import contents, queries
from apps.attachments.commands import RemoveAttachment
from apps.attachments.rules import BYTES
from apps.billing import queries as billing
from apps.billing.commands import ChangePlan, DefinePlan
from apps.bus import dispatch
from apps.kernel import limits
from apps.kernel.actors import System
from apps.kernel.files.store import files
from apps.kernel.limits import LimitReached
from apps.kernel.tenant import activate
from tests.support.attaching import attached
from tests.support.plans import limited
from tests.support.threads import together
from tests.support.uploads import PDF

PLATFORM = System("Tests")
UPLOADS = 5


@pytest.fixture
def quota(entry, acme):
    """A plan with space for two files."""
    plan = DefinePlan(
        code="small",
        name="Small",
        level=1,
        modules=("*",),
        limits=limited(attachments__bytes=2 * len(PDF) + 1),
    )
    with activate(None):
        dispatch(plan, actor=PLATFORM)
        dispatch(ChangePlan(tenant_id=acme.id, plan="small", reason="test"), actor=PLATFORM)
    return 2 * len(PDF) + 1


def test_a_file_beyond_the_quota_is_refused_and_its_content_does_not_remain(quota, entry, accountant):
    attached(entry.pk, accountant)
    attached(entry.pk, accountant)

    with pytest.raises(LimitReached, match=f"{quota} bytes"):
        attached(entry.pk, accountant)
    assert len(files().listdir(contents.FOLDER)[1]) == 2


def test_a_removal_frees_the_quota(quota, entry, accountant):
    first = attached(entry.pk, accountant)
    attached(entry.pk, accountant)

    dispatch(RemoveAttachment(attachment_id=first.pk, reason="wrong"), actor=accountant)

    attached(entry.pk, accountant)


def test_the_plan_shows_the_usage(quota, entry, accountant):
    attached(entry.pk, accountant)

    [usage] = [usage for usage in billing.usage() if usage.name == BYTES.name]
    assert (usage.used, usage.maximum) == (len(PDF), quota)


def test_concurrent_uploads_do_not_exceed_the_quota(quota, entry, accountant, acme):
    outcomes = together(UPLOADS, lambda: attached(entry.pk, accountant), acme)

    assert sum(isinstance(outcome, LimitReached) for outcome in outcomes) == UPLOADS - 2
    assert queries.used_bytes() == 2 * len(PDF)


def test_concurrent_uploads_without_the_lock_exceed_the_quota(quota, entry, accountant, acme, monkeypatch):
    """The negative control: all uploads count before the first of them commits."""
    import threading

    barrier = threading.Barrier(UPLOADS, timeout=30)

    def count() -> int:
        used = queries.used_bytes()
        barrier.wait()
        return used

    unlocked = limits.Limit(BYTES.name, BYTES.unit, BYTES.description, count)
    monkeypatch.setattr("apps.attachments.rules.BYTES", unlocked)
    monkeypatch.setattr(limits, "COUNTING", _NoLock())
    monkeypatch.setattr("apps.attachments.rules.subject_must_exist", lambda *_: None)

    together(UPLOADS, lambda: attached(entry.pk, accountant), acme)

    assert queries.used_bytes() == UPLOADS * len(PDF)


class _NoLock:
    def key(self, **_: object) -> _NoLock:
        return self

    def hold(self, cursor: object) -> None:
        pass
