"""Export and import: byte-stable, through the approval of change sets, whole or not at all."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from apps.bus import dispatch, dry_run
from apps.flags import queries
from apps.flags.commands import ImportFlags
from apps.flags.errors import FlagInvalid, ImportMalformed, NothingChanged, OwnerMissing
from apps.flags.models import ChangeSet, Flag
from apps.kernel.clock import today
from apps.kernel.errors import Refusal
from tests.support.flag_changes import (
    HALF,
    REASON,
    changed,
    created,
    item,
    publication,
    published,
    segment,
    served_flag,
)
from tests.support.published_flags import KEY

pytestmark = pytest.mark.exhaustive("each malformed file", one_in=6)


@pytest.fixture
def exported(operator):
    published(operator, segment("beta", {"attribute": "plan", "op": "in", "values": ["gold"]}))
    served_flag(operator, rules=[{"name": "beta", "when": {"segment": "beta"}, "serve": "on"}], rollout=HALF)
    served_flag(operator, "other", prerequisites=[{"flag": KEY, "variants": ["on"]}])
    return queries.exported()


def imported(actor, file):
    return dispatch(ImportFlags(file=file, reason=REASON), actor=actor)


def edited(file, edit):
    whole = json.loads(file)
    edit(whole)
    return json.dumps(whole)


def flag_in(whole, key=KEY):
    return next(flag for flag in whole["flags"] if flag["key"] == key)


def places(actor, file):
    with pytest.raises(Refusal) as caught:
        imported(actor, file)
    return {(type(refusal), refusal.context.get("place")) for refusal in caught.value.refusals}


def test_an_export_is_the_same_bytes_after_changes_and_an_import_of_the_first(operator, exported):
    assert queries.exported() == exported
    published(operator, changed(enabled=False), segment("beta", {"op": "always"}))
    assert queries.exported() != exported

    draft = imported(operator, exported)
    assert (draft.origin, draft.is_draft, queries.exported() == exported) == ("import", True, False)
    dispatch(publication(draft), actor=operator)

    assert queries.exported() == exported


def test_an_import_into_another_register_creates_its_flags(operator, exported):
    file = exported.replace(KEY, "new.key").replace('"other"', '"new.other"').replace("beta", "gamma")

    dispatch(publication(imported(operator, file)), actor=operator)

    flag = Flag.objects.get(key="new.key")
    assert (flag.category, flag.owner) == ("release", Flag.objects.get(key=KEY).owner)
    assert queries.latest("segment", "gamma").document["when"]["values"] == ["gold"]


def test_an_import_without_a_difference_is_refused(operator, exported):
    with pytest.raises(NothingChanged):
        imported(operator, exported)


def test_a_dry_run_reports_refusals_and_stores_nothing(operator, exported):
    drafts = ChangeSet.objects.count()
    wrong = edited(exported, lambda whole: flag_in(whole)["document"].update(enabled=False, unknown=1))

    assert dry_run(ImportFlags(file=wrong, reason=REASON), actor=operator)
    assert ChangeSet.objects.count() == drafts


def test_the_draft_of_an_import_shows_its_differences(operator, exported):
    draft = imported(
        operator, edited(exported, lambda whole: flag_in(whole)["document"].update(enabled=False))
    )

    ((revision, differences),) = queries.changes_of(draft)
    assert differences == [("/enabled", True, False)]
    assert revision.base is not None


def test_one_malformed_document_refuses_the_whole_file(operator, exported):
    def edit(whole):
        flag_in(whole)["document"]["enabled"] = False
        flag_in(whole, "other")["document"]["rollout"] = {"unit": "user", "percentage": 140}

    drafts = ChangeSet.objects.count()
    problems = places(operator, edited(exported, edit))

    assert {kind for kind, _ in problems} == {FlagInvalid}
    assert ChangeSet.objects.count() == drafts


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        (lambda whole: whole.update(format=2), "/format"),
        (lambda whole: whole.pop("format"), "/format"),
        (lambda whole: whole.update(more=1), "/more"),
        (lambda whole: whole.update(flags={}), "/flags"),
        (lambda whole: flag_in(whole).pop("key"), "/key"),
        (lambda whole: flag_in(whole).pop("owner"), "/owner"),
        (lambda whole: flag_in(whole, "other").update(expires_on="soon"), "/expires_on"),
        (lambda whole: flag_in(whole, "other").update(category="temporary"), "/category"),
        (lambda whole: flag_in(whole, "other").update(document=[]), "/document"),
        (lambda whole: flag_in(whole, "other").update(remove=True), "/remove"),
        (lambda whole: flag_in(whole, "other").update(remove="yes", document=None), "/remove"),
        (lambda whole: flag_in(whole, "other").update(retired_at="2026-01-01"), "/retired_at"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(operator, exported, edit, place):
    ((kind, where),) = places(operator, edited(exported, edit))
    assert (kind, where.endswith(place)) == (ImportMalformed, True)


@pytest.mark.parametrize("file", ["", "[]", "{", '{"format": 1, "format": 1}', "NaN", "x" * 20_000_001])
def test_a_file_of_another_form_is_refused(operator, file):
    assert {kind for kind, _ in places(operator, file)} == {ImportMalformed}


def test_new_flags_of_a_file_need_an_owner(operator, exported):
    def edit(whole):
        flag = flag_in(whole)
        flag.update(key="new.key", owner="")
        flag["document"]["key"] = "new.key"

    assert (OwnerMissing, None) in places(operator, edited(exported, edit))
    assert not Flag.objects.filter(key="new.key").exists()


def test_an_export_leads_back_into_an_empty_register(operator, exported):
    """With flags that have expired, that were retired, and that were never published."""
    published(operator, item("flag", "other", None))
    Flag.objects.filter(key=KEY).update(expires_on=today() - dt.timedelta(days=1))
    created(operator, "never.published")
    file = queries.exported().replace(KEY, "new.key").replace('"other"', '"new.other"')
    file = file.replace("never.published", "new.draft")

    dispatch(publication(imported(operator, file)), actor=operator)

    imported_rows = {
        flag.key: (flag.expires_on, flag.retired_at) for flag in Flag.objects.filter(key__startswith="new.")
    }
    for new, old in (("new.key", KEY), ("new.other", "other"), ("new.draft", "never.published")):
        flag = Flag.objects.get(key=old)
        assert imported_rows[new] == (flag.expires_on, flag.retired_at)
    assert Flag.objects.get(key="new.other").is_retired
    assert queries.latest("flag", "new.key").document["key"] == "new.key"


def test_a_flag_without_a_document_stays_and_its_removal_is_explicit(operator, exported):
    def without_document(whole):
        flag_in(whole, "other")["document"] = None

    def removal(whole):
        without_document(whole)
        flag_in(whole, "other")["remove"] = True

    with pytest.raises(NothingChanged):
        imported(operator, edited(exported, without_document))
    draft = imported(operator, edited(exported, removal))

    assert [(row.key, row.document) for row in queries.revisions_of(draft)] == [("other", None)]
