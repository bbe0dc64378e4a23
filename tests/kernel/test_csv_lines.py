"""CSV for spreadsheets."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.csv_lines import csv_lines, harmless, original

SIGNS = "=+-@|%＝＋－＠"
BLANKS = st.text(st.sampled_from([" ", "\t", "\r", "\n", "\u00a0", "\u200b"]), max_size=3)


@given(BLANKS, st.sampled_from(SIGNS), st.text(min_size=1).filter(lambda text: not text[0].isdigit()))
def test_no_text_becomes_a_formula(blanks, sign, text):
    assert harmless(blanks + sign + text).startswith("'")


@given(st.text(st.sampled_from([*SIGNS, "'", " ", "1", "a"]), max_size=6))
def test_a_quoted_text_is_read_as_it_was(text):
    assert original(harmless(text)) == text


@pytest.mark.parametrize("text", ["-12.50", "+3", "1,000", "plain", "", "a=b"])
def test_numbers_and_plain_texts_are_exported_unchanged(text):
    assert harmless(text) == text


@pytest.mark.parametrize("text", ["\tplain", "\rplain", " =1", "\t=1", "＝1", "-1+1", "+cmd", "@SUM(A1)"])
def test_a_text_that_a_spreadsheet_would_evaluate_is_quoted(text):
    assert harmless(text) == f"'{text}"


def test_values_are_written_as_text_json_or_nothing():
    instant = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)

    lines = csv_lines(("at", "changes", "reason", "name"), [(instant, {"a": 1}, None, "=1+1")])

    assert list(lines) == [
        "at,changes,reason,name\r\n",
        '2026-01-31T12:00:00+00:00,"{""a"": 1}",,\'=1+1\r\n',
    ]
