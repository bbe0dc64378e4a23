"""Downloads of attachments behind a pooler."""

from __future__ import annotations

from django.db import connection

from tests.support.attaching import attached
from tests.support.uploads import PDF


def test_a_download_holds_no_transaction_while_the_client_reads_it(
    entry, accountant, client_for, behind_pgbouncer
):
    number = attached(entry.pk, accountant).pk
    client = client_for(accountant)

    for path in (f"api/v1/attachments/{number}/content/", f"attachments/attachment/{number}/download/"):
        chunks = iter(client.get(f"/t/acme/{path}"))
        first = next(chunks)
        assert not connection.in_atomic_block
        assert first + b"".join(chunks) == PDF
