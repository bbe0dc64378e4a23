"""The register of flags, kills and evaluations over the API."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.flags.models import Kill
from apps.kernel.clock import today
from tests.support.published_flags import KEY, OWNER, document, flag, publish

REASON = "It fails."


@pytest.fixture
def platform(api, operator):
    return api(operator, None)


def test_a_flag_is_created_with_a_draft_of_its_first_document(platform):
    fields = {
        "key": KEY,
        "category": "release",
        "description": "The new screen of orders",
        "owner": OWNER,
        "expires_on": (today() + dt.timedelta(days=30)).isoformat(),
        "document": document(),
        "reason": REASON,
    }

    made = platform.post("flags/flags/", fields)

    assert made.status_code == 201, made.content
    assert (made.json()["document"], made.json()["owner"]) == (None, OWNER)
    (draft,) = platform.get("flags/change-sets/", state="draft").json()["results"]
    assert draft["origin"] == "create"
    assert platform.post("flags/flags/", fields).json()["code"] == "flags.flag_exists"


def test_flags_are_filtered_and_searched(platform):
    flag("sales.one", description="The first screen")
    flag("ledger.two", category="ops", owner="other@bursar.example")
    Kill.objects.create(key="sales.one", reason=REASON, killed_at=dt.datetime.now(dt.UTC), killed_by_name="T")

    def keys(**query):
        results = platform.get("flags/flags/", **query).json()["results"]
        return [one["key"] for one in results if one["key"] in ("sales.one", "ledger.two")]

    assert keys() == ["ledger.two", "sales.one"]
    assert keys(category="ops") == ["ledger.two"]
    assert keys(is_killed="true") == ["sales.one"]
    assert keys(search="first") == ["sales.one"]
    assert keys(is_retired="true") == []
    assert platform.get("flags/flags/", wrong="x").status_code == 400


def test_a_killed_flag_is_off_at_once_reviewed_by_another_person_and_revived(platform, api, second_operator):
    publish(document())

    killed = platform.post(f"flags/flags/{KEY}/kill/", {"reason": REASON})

    assert killed.status_code == 201, killed.content
    (evaluation,) = platform.post("flags/evaluate/", {"keys": [KEY], "tenant": "acme"}).json()
    assert (evaluation["value"], evaluation["reason"]) == (False, "KILLED")
    assert platform.get(f"flags/flags/{KEY}/").json()["is_killed"]
    assert {"is_complete", "missing", "reported"} <= platform.get("flags/arrival/").json().keys()
    path = f"flags/kills/{killed.json()['id']}/"
    own = platform.post(path + "review/", {"review": "It was right."})
    assert own.json()["code"] == "flags.review_by_another_person"
    other = api(second_operator, None).post(path + "review/", {"review": "It was right."})
    assert other.json()["reviewed_by_name"] == "Otis Operator"
    assert platform.post(path + "revive/", {"reason": "Mended."}).json()["revived_at"]
    (evaluation,) = platform.post("flags/evaluate/", {"keys": [KEY], "tenant": "acme"}).json()
    assert evaluation["value"] is True


def test_in_production_a_publication_and_a_revival_need_an_approval(platform, settings):
    revision = publish(document(), state="draft")
    killed = platform.post(f"flags/flags/{KEY}/kill/", {"reason": REASON}).json()
    settings.ENVIRONMENT = "production"

    for path in (f"change-sets/{revision.change_set_id}/publish/", f"kills/{killed['id']}/revive/"):
        refused = platform.post(f"flags/{path}", {"reason": REASON})
        assert (refused.status_code, refused.json()["code"]) == (403, "approvals.approval_required")


def test_an_evaluation_for_a_context_names_rule_and_layers(platform):
    rule = {"name": "german", "when": {"attribute": "country", "op": "in", "values": ["DE"]}, "serve": "on"}
    revision = publish(document(default_variant="off", rules=[rule]))

    explained = platform.post(
        f"flags/flags/{KEY}/explain/", {"tenant": "acme", "context": {"country": "DE"}}
    ).json()
    (elsewhere,) = platform.post("flags/evaluate/", {"keys": [KEY], "context": {"country": "FR"}}).json()

    assert (explained["value"], explained["reason"], explained["rule"]) == (True, "RULE_MATCH", "german")
    assert explained["revision"] == revision.pk
    assert [layer["name"] for layer in explained["layers"]][:3] == ["global", "tenant", "role"]
    assert (elsewhere["value"], elsewhere["reason"]) == (False, "DEFAULT")
    absent = platform.post("flags/evaluate/", {"keys": [KEY], "user_id": 999_999})
    assert (absent.status_code, absent.json()["code"]) == (404, "identity.user_unknown")
    unknown = platform.post("flags/evaluate/", {"keys": ["no.such"]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "flags.flag_not_found")


def test_evaluation_for_a_user_has_the_roles_of_the_user(api, owner, controller, accountant):
    publish(document(roles=["controller"]))
    caller = api(owner)

    values = {
        user.pk: caller.post("flags/evaluate/", {"keys": [KEY], "user_id": user.pk}).json()[0]["value"]
        for user in (controller, accountant)
    }

    assert values == {controller.pk: True, accountant.pk: False}


def test_a_rollout_is_started_and_paused(platform):
    plan = {"unit": "company", "stages": [{"percentage": 10.0, "dwell_s": 60}]}
    publish(document(rollout=plan))

    started = platform.post(f"flags/flags/{KEY}/rollout/start/", {"reason": REASON})
    paused = platform.post(f"flags/flags/{KEY}/rollout/pause/", {"reason": REASON})

    assert (started.status_code, started.json()["percentage"]) == (201, 10.0), started.content
    assert paused.json()["state"] == "paused"
    one = platform.get(f"flags/rollouts/{paused.json()['id']}/").json()
    assert [step["state"] for step in one["steps"]][-1] == "paused"
