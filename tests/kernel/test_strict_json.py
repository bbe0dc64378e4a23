"""JSON from outside, read strictly."""

from __future__ import annotations

import json

import pytest

from apps.kernel import strict_json

REFUSED = {
    '{"\\ud83d": 1}': "surrogate",
    '["\\udc00"]': "surrogate",
    '{"a": "\\ud83d\\ud83d"}': "surrogate",
    '"\ud83d"': "surrogate",
    '{"a\\u0000": 1}': "NUL",
    '{"a": ["b\\u0000"]}': "NUL",
    '{"a": "\\\\\\u0000"}': "NUL",
    '{"a": 1, "a": 2}': "twice",
    '{"a": {"b": 1, "\\u0062": 2}}': "twice",
    "[NaN]": "NaN",
    "[-Infinity]": "Infinity",
    "[1e999]": "too large",
    f"[{'9' * 1000}]": "100 characters",
    f"[0.{'9' * 1000}]": "100 characters",
    "[" * 65 + "]" * 65: "64 levels",
    '{"a":' * 65 + "1" + "}" * 65: "64 levels",
    "[" * 200_000: "64 levels",
    "": "Expecting value",
    "{": "Expecting property name",
    '{"a": 1} x': "Extra data",
    '"\n"': "control character",
}
ACCEPTED = (
    '{"a": [1, -2.5, 1e9, true, null, "\\ud83d\\ude00 ß"]}',
    '"\\\\u0000"',
    '"\\\\ud83d"',
    "[" * 64 + "]" * 64,
    json.dumps([[1], {"a": [2]}] * 1000),
)


def test_odd_json_is_refused_with_its_reason():
    for text, reason in REFUSED.items():
        with pytest.raises(strict_json.NotStrictJSON, match=reason):
            strict_json.loads(text)


def test_bytes_that_are_not_utf_8_are_refused():
    for text in (b'{"a": "\xff"}', b'"\xed\xa0\xbd"', '{"a": 1}'.encode("utf-16"), b'\xef\xbb\xbf{"a": 1}'):
        with pytest.raises(strict_json.NotStrictJSON):
            strict_json.loads(text)


def test_usual_json_has_the_value_of_the_standard_library():
    for text in ACCEPTED:
        assert strict_json.loads(text) == strict_json.loads(text.encode()) == json.loads(text)
