"""Pages of flags for operators: the list, the page with its kill, the slider, the matrix and the explanation."""

from __future__ import annotations

import html
import re

import pytest

from apps.flags import queries
from apps.flags.models import ChangeSet, Flag, Kill
from apps.kernel.tenant import activate
from tests.support.flag_changes import changed, created, proposed, published, segment, served_flag
from tests.support.forms import hidden_inputs, hidden_inputs_of
from tests.support.published_flags import KEY

REASON = {"reason": "Orders fail."}


@pytest.fixture
def flag(operator):
    served_flag(operator)
    return Flag.objects.get(key=KEY)


@pytest.fixture
def console(operator, client_for):
    return client_for(operator, None)


def page(client, path, status=200):
    response = client.get(path)
    assert response.status_code == status, response.content[:2000]
    return html.unescape(response.content.decode())


def test_the_list_shows_state_owner_and_expiry_and_filters_by_state(console, flag, operator):
    served_flag(operator, "sales.off", enabled=False)
    shown = page(console, "/flags/flag/")
    assert KEY in shown
    assert "owner-of-flags@bursar.example" in shown

    off = page(console, "/flags/flag/?state=off")

    assert "sales.off" in off
    assert KEY not in off
    assert KEY in page(console, "/flags/flag/?state=on")


def test_the_list_links_each_flag_to_its_kill_and_that_page_kills_with_one_submission(console, flag):
    address = f"/flags/{flag.pk}/kill/"
    assert f'href="{address}"' in page(console, "/flags/flag/")

    response = console.post(address, {**hidden_inputs(console, address), **REASON})

    kill = Kill.objects.get()
    assert response.url == f"/flags/kill/{kill.pk}/change/"
    assert queries.evaluation(KEY).value is False
    arrived = page(console, response.url)
    assert "Processes that serve it" in arrived
    assert 'id="arrival"' in arrived


def test_the_page_of_a_flag_has_the_form_that_kills_it(console, flag):
    shown = page(console, f"/flags/flag/{flag.pk}/change/")
    form = re.search(rf'<form method="post" action="(/flags/{flag.pk}/kill/)".*?</form>', shown, re.DOTALL)
    assert form

    console.post(form[1], {**hidden_inputs_of(form[0]), **REASON})

    assert Kill.objects.get().reason == REASON["reason"]
    again = page(console, f"/flags/flag/{flag.pk}/change/")
    assert "Killed by" in again
    assert "Kill this flag" not in again


def test_a_kill_without_a_reason_is_refused_beside_the_field(console, flag):
    address = f"/flags/{flag.pk}/kill/"

    response = console.post(address, {**hidden_inputs(console, address), "reason": " "})

    assert "This field is required." in response.content.decode()
    assert not Kill.objects.exists()


def test_the_page_of_a_flag_shows_what_it_serves_in_words(console, operator):
    when = {"all": [{"attribute": "plan", "op": "in", "values": ["pro"]}, {"segment": "beta"}]}
    published(operator, segment("beta", {"attribute": "tenant_slug", "op": "in", "values": ["acme"]}))
    served_flag(operator, rules=[{"name": "canary", "when": when, "serve": "on"}])
    flag = Flag.objects.get(key=KEY)

    shown = page(console, f"/flags/flag/{flag.pk}/change/")

    assert "plan is one of pro and in the segment beta" in shown
    assert "Open: the flag is enabled." in shown


def slid(console, flag, percentage, **fields):
    address = f"/flags/{flag.pk}/percentage/"
    values = {**hidden_inputs(console, address), "percentage": percentage, "unit": "user", **fields}
    values["base"] = re.search(r'name="base" value="(\d+)"', page(console, address))[1]
    return console.post(address, values)


def test_the_slider_shows_the_effect_before_anything_is_stored_and_it_equals_that_of_the_draft(console, flag):
    previewed = slid(console, flag, "50", preview="")

    assert ChangeSet.objects.filter(state="draft").count() == 0
    shown = html.unescape(previewed.content.decode())
    sentence = re.search(r"Affects [^<]*\.", shown)[0]
    stored = slid(console, flag, "50", **REASON)
    draft = ChangeSet.objects.get(state="draft")
    assert stored.url == f"/flags/changeset/{draft.pk}/change/"
    assert draft.revisions.get().document["rollout"] == {"unit": "user", "percentage": 50.0}
    assert sentence in page(console, stored.url)
    assert draft.preview["lose"] > 0


@pytest.mark.parametrize("percentage", ["101", "-1", "0.0001", "x", ""])
def test_the_slider_refuses_a_percentage_out_of_range(console, flag, percentage):
    response = slid(console, flag, percentage, **REASON)

    assert response.status_code == 200
    assert not ChangeSet.objects.filter(state="draft").exists()


def test_the_page_of_a_draft_shows_before_and_after_and_publishes(console, flag, operator):
    draft = proposed(operator, changed(enabled=False))
    shown = page(console, f"/flags/changeset/{draft.pk}/change/")
    row = re.search(r'<th scope="row">/enabled</th>(.*?)</tr>', shown)
    assert re.findall("<td>(.*?)</td>", row[1]) == ["true", "false"]
    address = f"/flags/change-sets/{draft.pk}/publish/"

    console.post(address, {**hidden_inputs(console, address), **REASON})

    assert ChangeSet.objects.get(pk=draft.pk).state == "published"
    assert queries.rule_set().evaluate(KEY, None, {}).value is False


def test_a_draft_on_an_older_base_shows_the_three_versions(console, flag, operator):
    draft = proposed(operator, changed(enabled=False))
    published(operator, changed(roles=["controller"]))

    shown = page(console, f"/flags/changeset/{draft.pk}/change/")

    assert "Published meanwhile" in shown
    assert "/roles" in shown


def test_problems_of_an_edited_document_are_beside_their_fields(console, flag):
    address = f"/flags/{flag.pk}/edit/"
    shown = page(console, address)
    base = re.search(r'name="base" value="(\d+)"', shown)[1]
    fields = {
        **hidden_inputs_of(shown),
        "base": base,
        "enabled": "on",
        "default_variant": "on",
        "off_variant": "off",
        "variants": '{"on": true, "off": false}',
        "rules": '[{"name": "r", "when": {"segment": "missing"}, "serve": "on"}]',
        **REASON,
    }

    response = console.post(address, fields)

    assert response.status_code == 422
    field = re.search(r'id="id_rules_error">(.*?)</div>', html.unescape(response.content.decode()))
    assert "missing" in field[1]
    assert not ChangeSet.objects.filter(state="draft").exists()
    fields["rules"] = "[]"
    fields["roles"] = "controller"
    assert console.post(address, fields).status_code == 302
    document = ChangeSet.objects.get(state="draft").revisions.get().document
    assert document["roles"] == ["controller"]
    assert document["salt"] == KEY


def test_history_shows_differences_and_restores_an_earlier_revision_as_a_draft(console, flag, operator):
    first = queries.latest("flag", KEY)
    published(operator, changed(enabled=False))
    shown = page(console, f"/flags/{flag.pk}/history/")
    address = f"/flags/revisions/{first.pk}/restore/"
    assert f'href="{address}"' in shown

    console.post(address, {**hidden_inputs(console, address), **REASON})

    assert ChangeSet.objects.get(state="draft").revisions.get().document == first.document


def test_the_matrix_has_each_tenant_with_its_value_and_the_layer_that_decides(console, operator):
    when = {"attribute": "tenant_slug", "op": "in", "values": ["acme"]}
    served_flag(
        operator,
        default_variant="off",
        rules=[{"name": "acme first", "when": when, "serve": "on"}],
    )

    shown = page(console, f"/flags/matrix/?q={KEY}")

    rows = dict(re.findall(r'<th scope="row">(\w+)</th><td><span><a [^>]*>(\w[^<]*)</a>', shown))
    assert rows["acme"] == "on"
    assert rows["globex"] in ("off", "depends on the user")


def test_the_explanation_equals_the_evaluation_and_marks_the_deciding_layer(
    console, operator, acme, owner, accountant
):
    served_flag(operator, roles=["owner"])
    for user in (owner, accountant):
        with activate(acme):
            value = queries.explain(KEY, queries.context_of(user)).evaluation
        shown = page(console, f"/flags/why/?flag={KEY}&tenant=acme&user={user.email}")

        assert f"{KEY} is {'on' if value.value else 'off'}" in shown
        marked = re.search(r'aria-current="step"><span class="console-step-name">([^<]*)', shown)[1]
        assert marked == ("Rollout" if value.value else "Role")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("flag=none&tenant=acme", "There is no such flag."),
        (f"flag={KEY}&tenant=nowhere", "nowhere"),
        (f"flag={KEY}&tenant=acme&user=x@example.com", "The tenant has no such user."),
    ],
)
def test_a_wrong_input_of_the_explanation_is_an_error_of_its_field(console, flag, query, sentence):
    assert sentence in page(console, f"/flags/why/?{query}")


def test_pages_need_their_permissions(flag, operator, client_for, second_operator):
    second_operator.groups.clear()
    type(second_operator).objects.filter(pk=second_operator.pk).update(is_superuser=False)
    client = client_for(second_operator, None)

    for path in ("/flags/flag/", "/flags/matrix/", "/flags/why/", "/flags/new/", f"/flags/{flag.pk}/kill/"):
        assert client.get(path).status_code == 403


def test_the_page_of_a_flag_lists_the_lines_of_code_that_read_it(console, flag):
    sending = Flag.objects.get(key="webhooks.sending")

    assert "apps/webhooks/sending.py" in page(console, f"/flags/flag/{sending.pk}/change/")
    assert "No line of this installation reads the flag." in page(console, f"/flags/flag/{flag.pk}/change/")


def test_the_slider_of_a_flag_without_a_published_revision_starts_from_its_draft(console, operator):
    first = created(operator, "sales.unpublished")
    flag = Flag.objects.get(key="sales.unpublished")
    assert "at once. Edit the flag" not in page(console, f"/flags/flag/{flag.pk}/change/")

    slid(console, flag, "50", **REASON)

    proposed_document = ChangeSet.objects.latest("pk").revisions.get().document
    drafted = first.revisions.get().document
    assert proposed_document == {**drafted, "rollout": {"unit": "user", "percentage": 50.0}}
