"""The database refuses what would serve something unapproved, for raw SQL of the runtime too."""

from __future__ import annotations

import pytest
from django.db import connection, connections, transaction

from apps.bus.approval import approval_kinds
from apps.flags.commands import ReviveFlag
from apps.flags.models import ChangeSet, Kill
from apps.kernel.tenant import activate
from tests.support.approvals import approved
from tests.support.flag_changes import (
    changed,
    created,
    killed,
    narrowed,
    proposed,
    publication,
    published,
    served_flag,
)
from tests.support.published_flags import KEY
from tests.support.sqlstate import APPROVAL, CHECK, NO_RIGHT, refused

FIXED, KILL_FIXED, MOVED, REGISTER, NOT_HERE = "BF001", "BF002", "BF003", "BF004", "BF005"
NOT_NULL = "23502"
DRAFT = (
    "INSERT INTO flags_changeset (reason, origin, state, author_name, digest, warnings, made_at, published_at,"
    " published_xid, made_xid) VALUES ('x', 'edit', '{state}', 'x', '', '[]', now(), {at}, '0', '0')"
)
REVISION = (
    "INSERT INTO flags_revision (change_set_id, kind, key, document, digest)"
    " VALUES ({change_set}, '{kind}', 'forged', '{{}}', '')"
)
FLAG = (
    "INSERT INTO flags_flag (key, category, value_type, description, owner, expires_on, extensions, posting,"
    " created_at) VALUES ('forged', 'release', 'boolean', '', {owner}, {expires_on}, 0, false, now())"
)
PUBLISH = "UPDATE flags_changeset SET state = 'published', published_at = now() WHERE id = {}"


def in_production():
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION public.tenancy_environment() RETURNS text LANGUAGE sql STABLE"
            " RETURN 'production'"
        )


@pytest.fixture
def published_set(operator):
    return served_flag(operator)


@pytest.fixture
def draft(operator, published_set):
    return proposed(operator, changed(enabled=False))


@pytest.mark.physical_copy
def test_raw_sql_of_the_runtime_serves_nothing_unapproved(operator, published_set, draft, settings):
    kill = killed(operator)
    in_production()
    of_set = f"UPDATE flags_changeset SET {{}} WHERE id = {published_set.pk}"
    of_draft = f"UPDATE flags_changeset SET {{}} WHERE id = {draft.pk}"
    of_kill = f"UPDATE flags_kill SET {{}} WHERE id = {kill.pk}"
    statements = {
        PUBLISH.format(draft.pk): APPROVAL,
        DRAFT.format(state="published", at="now()"): FIXED,
        DRAFT.format(state="published", at="NULL"): FIXED,
        of_set.format("state = 'draft', published_at = NULL"): FIXED,
        of_set.format("effective_at = now()"): FIXED,
        of_set.format("reason = 'another'"): FIXED,
        of_set.format("preview = '{}'"): FIXED,
        of_draft.format("effective_at = now()"): FIXED,
        of_draft.format("digest = 'another'"): FIXED,
        of_draft.format("author_id = 7"): FIXED,
        of_draft.format("warnings = '[1]'"): FIXED,
        of_draft.format("state = 'withdrawn', preview = '{}'"): FIXED,
        of_draft.format("made_xid = pg_current_xact_id()"): FIXED,
        "DELETE FROM flags_changeset": NO_RIGHT,
        "TRUNCATE flags_changeset CASCADE": NO_RIGHT,
        "UPDATE flags_revision SET document = '{}'": NO_RIGHT,
        "DELETE FROM flags_revision": NO_RIGHT,
        REVISION.format(change_set=published_set.pk, kind="flag"): FIXED,
        REVISION.format(change_set=draft.pk, kind="flag"): FIXED,
        of_kill.format("revived_at = now()"): APPROVAL,
        of_kill.format("key = 'another'"): KILL_FIXED,
        of_kill.format("killed_at = now()"): KILL_FIXED,
        of_kill.format("reviewed_at = now()"): CHECK,
        of_kill.format(f"reviewed_at = now(), reviewed_by_id = {operator.pk}"): CHECK,
        "DELETE FROM flags_kill": NO_RIGHT,
        "TRUNCATE flags_kill": NO_RIGHT,
        "DELETE FROM flags_flag": NO_RIGHT,
        "UPDATE flags_flag SET key = 'another'": REGISTER,
        "UPDATE flags_flag SET owner = ''": CHECK,
        "UPDATE flags_flag SET owner = NULL": NOT_NULL,
        "UPDATE flags_flag SET expires_on = NULL": NOT_NULL,
        FLAG.format(owner="NULL", expires_on="current_date"): NOT_NULL,
        FLAG.format(owner="''", expires_on="current_date"): CHECK,
        FLAG.format(owner="'x'", expires_on="NULL"): NOT_NULL,
        "DELETE FROM flags_historicalflag": NO_RIGHT,
        "UPDATE flags_historicalflag SET owner = 'x'": NO_RIGHT,
        "ALTER TABLE flags_changeset DISABLE TRIGGER ALL": NO_RIGHT,
        "DROP TRIGGER flags_changeset_is_approved ON flags_changeset": NO_RIGHT,
    }

    assert {statement: refused(statement) for statement in statements} == statements


@pytest.mark.physical_copy
def test_in_production_an_approved_publication_and_revival_pass(
    operator, second_operator, published_set, draft, settings
):
    kill = killed(operator)
    in_production()
    settings.ENVIRONMENT = "production"

    for command in (publication(draft), ReviveFlag(kill_id=kill.pk, reason="Repaired.")):
        assert approved(command, operator, second_operator).state == "executed"

    assert ChangeSet.objects.get(pk=draft.pk).state == "published"
    assert not Kill.objects.get().is_active


@pytest.mark.physical_copy
def test_an_approval_of_another_change_set_does_not_publish(operator, second_operator, draft, settings):
    other = created(operator, "other")
    settings.ENVIRONMENT = "production"
    assert approved(publication(other), operator, second_operator).state == "executed"
    in_production()

    assert refused(PUBLISH.format(draft.pk)) == APPROVAL


def test_revisions_are_added_in_the_transaction_of_their_change_set(operator, draft):
    later = REVISION.format(change_set="(SELECT max(id) FROM flags_changeset)", kind="segment")

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DRAFT.format(state="draft", at="NULL"))
        cursor.execute(later)

    assert refused(later.replace("'forged'", "'second'")) == FIXED


def test_a_publication_from_a_base_that_has_moved_is_refused(operator, draft):
    published(operator, changed(roles=["controller"]))
    stale = ChangeSet.objects.get(pk=draft.pk)

    assert stale.state == "void"
    assert refused(PUBLISH.format(draft.pk)) == FIXED


def test_a_draft_that_another_publication_missed_is_refused(operator, published_set):
    """As after a race, in which the first publication did not see the second draft."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DRAFT.format(state="draft", at="NULL"))
        cursor.execute(
            REVISION.format(change_set="(SELECT max(id) FROM flags_changeset)", kind="flag").replace(
                "forged", KEY
            )
        )

    assert refused(PUBLISH.format("(SELECT max(id) FROM flags_changeset)")) == MOVED


class TestOfATenant:
    @pytest.fixture(autouse=True)
    def tenant(self, operator, acme):
        served_flag(operator)
        with activate(acme):
            yield

    @pytest.mark.parametrize("kind", ["flag", "segment"])
    def test_flags_and_segments_of_a_tenant_are_refused(self, kind):
        whole = DRAFT.format(state="draft", at="NULL") + "; "
        whole += REVISION.format(change_set="(SELECT max(id) FROM flags_changeset)", kind=kind)

        assert refused(whole) == NOT_HERE

    def test_a_register_in_a_tenant_is_refused(self):
        assert refused(FLAG.format(owner="'x'", expires_on="current_date")) == REGISTER

    @pytest.mark.physical_copy
    def test_overrides_and_kills_of_a_tenant_are_guarded_alike(self, owner):
        draft = proposed(owner, narrowed(enabled=False))
        kill = killed(owner)
        with activate(None):
            in_production()

        assert refused(PUBLISH.format(draft.pk)) == APPROVAL
        assert refused(f"UPDATE flags_kill SET revived_at = now() WHERE id = {kill.pk}") == APPROVAL
        assert refused("DELETE FROM flags_revision") == NO_RIGHT


def test_the_platform_has_no_overrides(operator):
    whole = DRAFT.format(state="draft", at="NULL") + "; "
    whole += REVISION.format(change_set="(SELECT max(id) FROM flags_changeset)", kind="override")

    assert refused(whole) == NOT_HERE


def test_the_guards_of_the_database_have_the_quorums_of_their_kinds(db):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgfoid = 'public.approvals_guard()'::regprocedure"
        )
        definitions = [row[0] for row in cursor.fetchall()]

    for name in ("flags.change", "flags.revival"):
        (guard,) = (definition for definition in definitions if f"'{name}'" in definition)
        assert f"('{name}', '{approval_kinds()[name].quorum}', 'production')" in guard
