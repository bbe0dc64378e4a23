"""Validation of a publication, and what its approval is bound to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from apps.bus.approval_gate import needs_approval
from apps.flags import previews, queries
from apps.flags.commands import ItemChange, PublishChangeSet
from apps.flags.documents import FLAG, OVERRIDE, canonical, digest_of, related_keys
from apps.flags.errors import ChangeSetFixed, FlagConflict, PreviewInvalid, PreviewMissing
from apps.flags.hooks import open_period_on
from apps.flags.models import ChangeSet, Kill, Revision
from apps.flags.queries import Key
from apps.flags.rollouts.plans import plan_of
from apps.kernel.clock import now
from apps.kernel.db.locks import Lock
from apps.kernel.errors import raise_all
from apps.kernel.tenant import current_tenant
from apps.settings.business_day import business_day

from .change_sets import base_has_moved, change_set_must_exist, digest_of_content
from .documents import Documents, documents_after, documents_must_be_valid

PUBLICATION = Lock("{schema}:flags:publication")
"""Migration 0008 uses the same lock key, in SQL."""
State = ChangeSet.State


def publication_must_be_possible(command: PublishChangeSet) -> tuple[ChangeSet, Sequence[Revision]]:
    """One publication at a time: of two change sets from one base, the second meets the first."""
    publication_must_be_alone()
    change_set = change_set_must_exist(command.change_set_id)
    revisions = queries.revisions_of(change_set)
    content_must_be_as_made(change_set, revisions)
    bases_must_not_have_moved(change_set)
    if not change_set.is_draft:
        raise ChangeSetFixed(change_set_id=change_set.pk, state=change_set.get_state_display().lower())
    documents_must_be_valid(items_of(revisions))
    effect_must_be_known(command, change_set, revisions)
    return change_set, revisions


def publication_must_be_alone() -> None:
    """Until the end of the transaction, publications and cancellations of the same schema wait."""
    with connection.cursor() as cursor:
        PUBLICATION.key().hold(cursor)


def content_must_be_as_made(change_set: ChangeSet, revisions: Sequence[Revision]) -> None:
    digest = digest_of_content(revisions, change_set.effective_at, change_set.origin)
    if digest != change_set.digest:
        raise ChangeSetFixed(change_set_id=change_set.pk, state=change_set.get_state_display().lower())


def bases_must_not_have_moved(change_set: ChangeSet) -> None:
    """Raises FlagConflict with a three-way diff, also for a change set that another publication made void."""
    if change_set.state not in (State.DRAFT, State.VOID):
        return
    raise_all(
        [
            base_has_moved(revision.key, queries.latest(revision.kind, revision.key), merged)
            for revision, merged in queries.conflicts_of(change_set)
        ]
    )


def effect_must_be_known(
    command: PublishChangeSet, change_set: ChangeSet, revisions: Sequence[Revision]
) -> None:
    """Where people approve it, they see the effect on the population, and it has no conflict of flags."""
    preview = change_set.preview
    if preview is None:
        if needs_approval(command) or guards_postings(revisions):
            raise PreviewMissing(change_set_id=change_set.pk)
        return
    preview_must_be_computed_here(change_set, preview)
    broken = gettext("{place} does not hold for users of {tenants}.")
    raise_all(
        [
            FlagConflict(
                key=one["key"],
                why=broken.format(place=one["place"], tenants=", ".join(one["tenants"])),
                problem=one["code"],
            )
            for one in preview["conflicts"]
        ]
    )


def preview_must_be_computed_here(change_set: ChangeSet, preview: Mapping[str, Any]) -> None:
    if not previews.is_sealed(change_set, preview):
        raise PreviewInvalid(change_set_id=change_set.pk)


def items_of(revisions: Sequence[Revision]) -> list[ItemChange]:
    return [ItemChange(row.kind, row.key, row.document, row.base_id or 0) for row in revisions]


def guards_postings(revisions: Sequence[Revision]) -> bool:
    """It changes a flag that guards postings, before or after the change; also through a segment or another flag that
    such a flag names."""
    return bool(_posting_documents(revisions))


def _posting_documents(revisions: Sequence[Revision]) -> Sequence[Mapping[str, Any]]:
    before = queries.documents_of_platform()
    after = documents_after(before, (item for item in items_of(revisions) if item.kind != OVERRIDE))
    changed = {(FLAG if row.kind == OVERRIDE else row.kind, row.key) for row in revisions}
    return [*posting_dependants(before, changed), *posting_dependants(after, changed)]


def posting_dependants(documents: Documents, changed: set[Key]) -> Sequence[Mapping[str, Any]]:
    """The documents of flags that guard postings, among these and those that depend on them."""
    reached = changed | queries.dependants(documents, changed)
    return [documents[key] for key in reached if key in documents and documents[key].get("posting")]


def base_of_publication(command: PublishChangeSet) -> str:
    """The content and effect of the change set, the last revisions of its flags and segments, and those of the flags
    that its conflict rules name. An approval is void when one of them is another."""
    change_set = queries.change_set_with_id(command.change_set_id)
    if change_set is None:
        return ""
    revisions = queries.revisions_of(change_set)
    keys = {(row.kind, row.key) for row in revisions}
    related = {
        (FLAG, key)
        for row in revisions
        for document in (row.document, row.base.document if row.base else None)
        for key in related_keys(document)
    }
    published = queries.latest_of(keys | related)
    return digest_of(
        [
            change_set.state,
            digest_of_content(revisions, change_set.effective_at, change_set.origin),
            canonical(change_set.preview),
            sorted((kind, key, row.pk) for (kind, key), row in published.items()),
        ]
    )


def changes_an_open_period(change_set_id: int) -> bool:
    """Whether it changes a flag that guards postings, inside an open fiscal period of a tenant. On the platform the
    preview knows the periods; without one the publication is refused. A tenant that the preview could not reach may
    have one, and so may the days on which the stages of a rollout begin."""
    change_set = queries.change_set_with_id(change_set_id)
    revisions = queries.revisions_of(change_set) if change_set else ()
    guarding = _posting_documents(revisions)
    if change_set is None or not guarding:
        return False
    if any(plan_of(document) for document in guarding):
        return True
    if current_tenant() is None:
        preview = change_set.preview or {}
        return bool(preview.get("open_periods") or preview.get("unreachable"))
    return bool(open_period_on(business_day(max(change_set.effective_at or now(), now()))))


def revives_a_posting_flag(kill_id: int) -> bool:
    """Or a flag that one depends on."""
    kill = Kill.objects.filter(pk=kill_id).first()
    flag = queries.flag_of_platform(kill.key) if kill else None
    if kill is None or flag is None:
        return False
    return flag.posting or bool(posting_dependants(queries.documents_of_platform(), {(FLAG, kill.key)}))
