"""Change sets over the API: proposed, compared, previewed, published and withdrawn, on the platform and in a tenant."""

from __future__ import annotations

import pytest

from apps.flags.models import ChangeSet, Revision
from tests.support.published_flags import KEY, document, publish

REASON = "Requested by the controllers."


@pytest.fixture
def served(db):
    return publish(document(default_variant="off"))


@pytest.fixture
def platform(api, operator):
    return api(operator, None)


def proposal(served, new, **more):
    item = {"kind": "flag", "key": KEY, "document": new, "base": served.pk}
    return {"items": [item], "reason": REASON, **more}


def test_a_change_is_proposed_compared_and_published(platform, served):
    made = platform.post("flags/change-sets/", proposal(served, document()))
    assert made.status_code == 201, made.content
    path = f"flags/change-sets/{made.json()['id']}/"
    (revision,) = made.json()["revisions"]
    assert (revision["kind"], revision["key"], revision["base"]) == ("flag", KEY, served.pk)

    (changed,) = platform.get(path + "differences/").json()
    (difference,) = changed["differences"]
    assert (difference["pointer"], difference["published"], difference["proposed"]) == (
        "/default_variant",
        "off",
        "on",
    )
    previewed = platform.post(path + "preview/").json()
    assert previewed["preview"]["flags"][KEY]["gain"] == previewed["preview"]["users"] > 0
    published = platform.post(path + "publish/", {"reason": REASON})

    assert (published.status_code, published.json()["state"]) == (200, "published"), published.content
    evaluated = platform.post("flags/evaluate/", {"keys": [KEY], "tenant": "acme"})
    (evaluation,) = evaluated.json()
    assert (evaluation["value"], evaluation["revision"]) == (True, revision["id"])
    assert platform.get(f"flags/flags/{KEY}/").json()["document"]["default_variant"] == "on"
    newest, oldest = platform.get(f"flags/flags/{KEY}/history/").json()
    assert [one["pointer"] for one in newest["differences"]] == ["/default_variant"]
    assert oldest["revision"]["id"] == served.pk


def test_a_withdrawn_draft_cannot_be_published(platform, served):
    made = platform.post("flags/change-sets/", proposal(served, document())).json()
    path = f"flags/change-sets/{made['id']}/"

    assert platform.post(path + "withdraw/", {"reason": REASON}).json()["state"] == "withdrawn"
    refused = platform.post(path + "publish/", {"reason": REASON})

    assert (refused.status_code, refused.json()["code"]) == (409, "flags.change_set_fixed")
    assert platform.get("flags/change-sets/", state="withdrawn").json()["results"][0]["id"] == made["id"]


def test_a_change_from_an_old_base_is_refused_with_the_differences(platform, served):
    publish(document(default_variant="off", roles=["controller"]))

    refused = platform.post("flags/change-sets/", proposal(served, document()))

    assert (refused.status_code, refused.json()["code"]) == (409, "flags.flag_conflict")
    assert not ChangeSet.objects.filter(state="draft").exists()


def test_a_wrong_document_is_refused_with_its_pointer(platform, served):
    wrong = document(default_variant="nowhere")

    refused = platform.post("flags/change-sets/", proposal(served, wrong))

    assert refused.status_code == 422, refused.content
    assert "/default_variant" in refused.content.decode()
    assert Revision.objects.get() == served


def test_an_earlier_revision_is_restored_as_a_draft(platform, served):
    publish(document())

    made = platform.post(f"flags/revisions/{served.pk}/restore/", {"reason": REASON})

    assert made.status_code == 201, made.content
    (revision,) = made.json()["revisions"]
    assert revision["document"]["default_variant"] == "off"


def test_an_export_that_is_imported_again_changes_nothing(platform, served):
    exported = platform.get("flags/export/").content.decode()

    again = platform.post("flags/import/", {"file": exported, "reason": REASON})

    assert (again.status_code, again.json()["code"]) == (422, "flags.nothing_changed")
    assert platform.get("flags/export/").content.decode() == exported
    changed = exported.replace('"default_variant": "off"', '"default_variant": "on"')
    imported = platform.post("flags/import/", {"file": changed, "reason": REASON})
    assert imported.json()["origin"] == "import", imported.content


class TestTenant:
    def test_a_tenant_narrows_a_flag_for_itself_alone(self, platform, api, owner, served):
        publish(document())
        caller = api(owner)
        item = {
            "kind": "override",
            "key": KEY,
            "base": 0,
            "document": {"format": 1, "key": KEY, "enabled": False},
        }
        made = caller.post("flags/change-sets/", {"items": [item], "reason": REASON})
        assert made.status_code == 201, made.content

        published = caller.post(f"flags/change-sets/{made.json()['id']}/publish/", {"reason": REASON})

        assert published.status_code == 200, published.content
        one = caller.get(f"flags/flags/{KEY}/").json()
        assert (one["value"], one["reason"]) == (False, "NARROWED_BY_TENANT")
        assert [layer["passed"] for layer in one["layers"]][:2] == [True, False]
        assert caller.get("flags/overrides/").json()[0]["document"]["enabled"] is False
        for tenant, value in (("acme", False), ("globex", True)):
            evaluated = platform.post("flags/evaluate/", {"keys": [KEY], "tenant": tenant}).json()
            assert evaluated[0]["value"] is value

    def test_a_tenant_has_no_register_and_defines_no_flag(self, api, owner, served):
        caller = api(owner)
        item = {"kind": "flag", "key": KEY, "base": served.pk, "document": document()}

        refused = caller.post("flags/change-sets/", {"items": [item], "reason": REASON})

        assert (refused.status_code, refused.json()["code"]) == (422, "flags.flags_are_of_the_platform")
        assert caller.get("flags/export/").status_code == 404

    def test_an_accountant_may_not_read_flags(self, api, accountant):
        for path in ("flags/flags/", "flags/change-sets/", "flags/overrides/"):
            assert api(accountant).get(path).status_code == 403
        assert api(accountant).post("flags/evaluate/", {}).status_code == 403
