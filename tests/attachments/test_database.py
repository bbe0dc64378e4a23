"""Invariants of attachments, against raw SQL."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, connections, transaction

from apps.attachments.commands import RemoveAttachment
from apps.bus import dispatch
from tests.support.attaching import attached

CHANGES = (
    "name = 'other.pdf'",
    "bytes = bytes + 1",
    f"sha256 = '{'0' * 64}'",
    "storage_key = 'attachments/x'",
    "subject_id = subject_id + 1",
    "subject_type = 'sales.order'",
    "media_type = 'text/html'",
    "attached_by = 'Mallory'",
    "attached_at = now()",
    "removed_at = now(), removed_by = 'Mallory'",
    "removed_at = now(), removed_by = 'Mallory', removal_reason = 'x', name = 'other.pdf'",
)


@pytest.fixture
def attachment(entry, accountant):
    return attached(entry.pk, accountant)


@pytest.mark.parametrize("change", CHANGES)
def test_a_row_changes_by_its_removal_only(attachment, change):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE attachments_attachment SET {change} WHERE id = %s", [attachment.pk])


def test_a_removed_row_never_changes_again(attachment, accountant):
    dispatch(RemoveAttachment(attachment_id=attachment.pk, reason="wrong"), actor=accountant)

    for change in ("removed_at = NULL, removed_by = '', removal_reason = ''", "removal_reason = 'other'"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE attachments_attachment SET {change} WHERE id = %s", [attachment.pk])


@pytest.mark.parametrize("statement", ["DELETE FROM {table}", "TRUNCATE {table}"])
@pytest.mark.parametrize("alias", ["default", "owner"])
def test_a_row_is_never_deleted_even_by_the_owner(attachment, at_acme, statement, alias):
    table = f"{at_acme.schema}.attachments_attachment"
    database = connections[alias]
    with pytest.raises(DatabaseError), transaction.atomic(using=alias), database.cursor() as cursor:
        cursor.execute(statement.format(table=table))


@pytest.mark.parametrize(
    ("column", "value"),
    [("bytes", 0), ("sha256", "x"), ("name", ""), ("name", "a\nb"), ("attached_by", "")],
)
def test_a_malformed_row_is_refused(attachment, column, value):
    row = {field.attname: getattr(attachment, field.attname) for field in attachment._meta.concrete_fields}
    del row["id"]
    row |= {"storage_key": "attachments/other", column: value}
    names = ", ".join(row)
    marks = ", ".join(["%s"] * len(row))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO attachments_attachment ({names}) VALUES ({marks})", [*row.values()])
