"""Differences of documents, by place."""

from __future__ import annotations

from apps.flags.queries.differences import differences, three_way


def test_differences_have_the_place_and_both_values():
    before = {"enabled": True, "rules": [{"name": "a", "serve": "on"}], "roles": []}
    after = {"enabled": True, "rules": [{"name": "a", "serve": "off"}, {"name": "b"}], "roles": []}

    assert differences(before, after) == [("/rules/0/serve", "on", "off"), ("/rules/1/name", None, "b")]


def test_a_created_document_differs_in_every_place_and_an_equal_one_in_none():
    document = {"key": "a", "variants": {"on": True}}

    assert differences(None, document) == [("/key", None, "a"), ("/variants/on", None, True)]
    assert differences(document, dict(document)) == []


def test_a_boolean_and_a_number_differ():
    assert differences({"v": True}, {"v": 1}) == [("/v", True, 1)]


def test_names_with_slashes_are_escaped():
    assert differences({}, {"a/b": {"c~d": 1}})[-1].place == "/a~1b/c~0d"


def test_a_three_way_difference_names_base_published_and_proposed():
    base = {"enabled": True, "roles": ["a"], "salt": "s"}
    published = {"enabled": False, "roles": ["a"], "salt": "s"}
    proposed = {"enabled": True, "roles": ["b"], "salt": "s"}

    merged = three_way(base, published, proposed)

    assert merged == [("/enabled", True, False, True), ("/roles/0", "a", "a", "b")]
    assert not any(one.is_conflict for one in merged)
    assert three_way(base, {**base, "salt": "x"}, {**base, "salt": "y"})[0].is_conflict
