"""A tenant's schema has the indexes that queries use, not all of Django's defaults."""

from __future__ import annotations

import pytest
from django.db import connections

from apps.tenancy.provisioning import TEMPLATE

_INDEXES = """
SELECT tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = %s
"""


@pytest.fixture
def indexes(db):
    with connections["owner"].cursor() as cursor:
        cursor.execute(_INDEXES, [TEMPLATE.schema])
        return cursor.fetchall()


def test_a_text_column_has_at_most_one_index(indexes):
    assert [name for _, name, what in indexes if "_pattern_ops" in what] == []


def test_history_is_indexed_by_object_and_date(indexes):
    on_accounts = [
        what.split(" USING btree ")[1] for table, _, what in indexes if table == "ledger_historicalaccount"
    ]

    assert sorted(on_accounts) == ["(history_date)", "(history_id)", "(id)"]


def test_a_many_to_many_table_has_one_index_per_side(indexes):
    of_pairs = [
        what.split(" USING btree ")[1] for table, _, what in indexes if table == "identity_user_groups"
    ]

    assert sorted(of_pairs) == ["(group_id)", "(id)", "(user_id, group_id)"]
