"""In production everything that is served was approved: there is no other way, for any kind of change."""

from __future__ import annotations

import json

import pytest

from apps.approvals.commands import RejectRequest
from apps.approvals.errors import ApprovalRequired, ApproverIsRequester, BaseChanged
from apps.approvals.execution import execute
from apps.approvals.models import ApprovalRequest
from apps.approvals.previews import preview
from apps.bus import dispatch, dry_run
from apps.bus.registry import commands
from apps.flags import queries
from apps.flags.commands import (
    ImportFlags,
    PreviewChangeSet,
    PublishChangeSet,
    RecordPreview,
    RestoreRevision,
    UpdateFlag,
)
from apps.flags.errors import PreviewInvalid, PreviewMissing
from apps.flags.models import ChangeSet, Revision
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from tests.support.approvals import another_owner, approve, approved, requested
from tests.support.flag_changes import (
    REASON,
    changed,
    created,
    item,
    narrowed,
    proposed,
    publication,
    published,
    segment,
    served_flag,
)
from tests.support.published_flags import KEY, document

pytestmark = pytest.mark.exhaustive("each way to change what is served", one_in=5)


@pytest.fixture
def served(operator):
    """Two revisions of a flag, and a segment."""
    first = served_flag(operator)
    published(operator, changed(roles=["controller"]), segment("beta", {"op": "always"}))
    return first.revisions.get()


@pytest.fixture
def production(settings, served):
    settings.ENVIRONMENT = "production"


def edit(operator):
    return proposed(operator, changed(enabled=False))


def update(operator):
    base = queries.latest("flag", KEY)
    command = UpdateFlag(key=KEY, document=document(enabled=False), base=base.pk, reason=REASON)
    return dispatch(command, actor=operator)


def removal(operator):
    return proposed(operator, item("flag", KEY, None))


def new_flag(operator):
    return created(operator, "new.flag")


def edit_of_segment(operator):
    return proposed(operator, segment("beta", {"attribute": "plan", "op": "in", "values": ["a"]}))


def removal_of_segment(operator):
    return proposed(operator, segment("beta", None))


def restore(operator):
    first = queries.history("flag", KEY)[-1].revision
    return dispatch(RestoreRevision(revision_id=first.pk, reason=REASON), actor=operator)


def file_import(operator):
    whole = json.loads(queries.exported())
    flag = next(flag for flag in whole["flags"] if flag["key"] == KEY)
    flag["document"]["enabled"] = False
    return dispatch(ImportFlags(file=json.dumps(whole), reason=REASON), actor=operator)


WAYS = (edit, update, removal, new_flag, edit_of_segment, removal_of_segment, restore, file_import)


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_change_what_is_served_makes_a_draft_that_needs_an_approval(
    operator, second_operator, production, way
):
    revisions = list(Revision.objects.published().values_list("pk"))
    draft = way(operator)

    assert draft.is_draft
    for actor in (operator, second_operator, System("A script")):
        with pytest.raises(ApprovalRequired):
            dispatch(publication(draft), actor=actor)
    assert list(Revision.objects.published().values_list("pk")) == revisions

    request = approved(publication(draft), operator, second_operator)
    draft.refresh_from_db()
    assert (request.state, draft.state) == ("executed", "published"), request.outcome


def test_an_override_of_a_tenant_needs_an_approval_too(operator, owner, acme, production):
    colleague = another_owner(acme)
    with activate(acme):
        draft = proposed(owner, narrowed(enabled=False))
        with pytest.raises(ApprovalRequired):
            dispatch(publication(draft), actor=owner)

        request = approved(publication(draft), owner, colleague)

        assert request.state == "executed", request.outcome
        assert queries.rule_set().evaluate(KEY, None, {"roles": ["controller"]}).value is False


def test_no_command_but_the_publication_publishes(operator, production):
    """Of all commands of flags, those that need no approval leave published revisions as they are."""
    needing = {
        command.command_name() for command in commands() if command.app() == "flags" and command.approval
    }

    assert needing >= {"flags.publish_change_set", "flags.revive_flag"}


def test_an_own_change_is_approved_by_another_person_only(operator, production):
    request = requested(publication(edit(operator)), operator)

    with pytest.raises(ApproverIsRequester):
        approve(request, operator)


def test_a_rejection_has_a_reason_and_stays_on_record(operator, second_operator, production):
    draft = edit(operator)
    request = requested(publication(draft), operator)
    command = RejectRequest(request_id=request.pk, revision=1, reason="Not before the audit.")

    dispatch(command, actor=second_operator)

    request.refresh_from_db()
    assert (request.state, request.outcome) == ("rejected", "Not before the audit.")
    assert ChangeSet.objects.get(pk=draft.pk).is_draft


class TestVoid:
    """What was approved is what is published, or nothing."""

    @pytest.fixture
    def draft(self, operator, production):
        return edit(operator)

    @pytest.fixture
    def approved_request(self, operator, second_operator, draft):
        request = requested(publication(draft), operator)
        approve(request, second_operator)
        return request

    def outcome(self, request):
        execute(request.pk)
        request.refresh_from_db()
        return request.state

    def test_after_a_correction_of_the_draft(self, operator, draft, approved_request):
        proposed(operator, changed(enabled=False, roles=[]), replaces=draft.pk)

        assert self.outcome(approved_request) == ApprovalRequest.State.VOID

    def test_after_another_publication_of_the_flag(self, operator, draft, approved_request, settings):
        other = proposed(operator, changed(roles=["auditor"]))
        settings.ENVIRONMENT = "test"
        dispatch(publication(other), actor=operator)
        settings.ENVIRONMENT = "production"

        assert self.outcome(approved_request) == ApprovalRequest.State.VOID
        assert queries.latest("flag", KEY).document["roles"] == ["auditor"]

    def test_after_another_preview(self, operator, draft, approved_request):
        """The approver has seen another effect."""
        dispatch(PreviewChangeSet(change_set_id=draft.pk), actor=operator)

        assert self.outcome(approved_request) == ApprovalRequest.State.VOID

    def test_after_a_publication_of_a_flag_that_a_conflict_rule_names(
        self, operator, second_operator, production, settings
    ):
        settings.ENVIRONMENT = "test"
        served_flag(operator, "other", enabled=False)
        draft = proposed(operator, changed(excludes=["other"], roles=["controller"]))
        other = proposed(operator, changed("other", enabled=False, roles=["auditor"]))
        settings.ENVIRONMENT = "production"
        request = requested(publication(draft), operator)
        approve(request, second_operator)
        settings.ENVIRONMENT = "test"
        dispatch(publication(other), actor=operator)
        settings.ENVIRONMENT = "production"

        assert self.outcome(request) == ApprovalRequest.State.VOID

    def test_before_the_decision_too(self, operator, second_operator, draft):
        request = requested(publication(draft), operator)
        dispatch(PreviewChangeSet(change_set_id=draft.pk), actor=operator)

        with pytest.raises(BaseChanged):
            approve(request, second_operator)


def test_without_its_effect_a_change_set_is_not_submitted(operator, production):
    draft = edit(operator)
    ChangeSet.objects.filter(pk=draft.pk).update(preview=None)

    with pytest.raises(PreviewMissing):
        requested(publication(draft), operator)


def test_the_approver_sees_the_differences_and_the_effect(operator, production):
    draft = edit(operator)

    shown = preview(publication(draft), operator)

    assert not shown.refusals
    changes = {(change.object, change.field): change.after for change in shown.changes}
    assert changes[f"flags.flag:{KEY}", "/enabled"] is False
    users = ChangeSet.objects.get(pk=draft.pk).preview["lose"]
    assert changes[f"flags.changeset:{draft.pk}", "effect"] == f"2 tenants, 0 users gain, {users} lose"


def test_a_forged_effect_is_neither_stored_nor_published(operator, second_operator, production):
    """By the command that records it, of another draft, or by raw SQL."""
    draft, other = edit(operator), edit_of_segment(operator)
    computed = ChangeSet.objects.get(pk=draft.pk).preview
    forged = {**computed, "gain": 0, "lose": 0, "conflicts": []}

    for preview_ in (forged, {}, ChangeSet.objects.get(pk=other.pk).preview):
        with pytest.raises(PreviewInvalid):
            dispatch(RecordPreview(change_set_id=draft.pk, preview=preview_), actor=operator)
        ChangeSet.objects.filter(pk=draft.pk).update(preview=preview_)
        with pytest.raises(PreviewInvalid):
            requested(publication(draft), operator)

    ChangeSet.objects.filter(pk=draft.pk).update(preview=computed)
    assert approved(publication(draft), operator, second_operator).state == "executed"


def test_an_effect_that_is_forged_after_the_approval_is_not_published(operator, second_operator, production):
    draft = edit(operator)
    draft.refresh_from_db()
    request = requested(publication(draft), operator)
    approve(request, second_operator)
    ChangeSet.objects.filter(pk=draft.pk).update(preview={**draft.preview, "lose": 0})

    execute(request.pk)

    draft.refresh_from_db()
    assert draft.is_draft


def test_the_dry_run_of_a_publication_changes_nothing(operator, production):
    draft = edit(operator)

    assert not dry_run(PublishChangeSet(change_set_id=draft.pk, reason=REASON), actor=operator)

    draft.refresh_from_db()
    assert draft.is_draft
