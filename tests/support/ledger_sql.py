"""Journal entries in raw SQL, and database sessions for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connections
from psycopg import sql

from apps.kernel.tenant import TenantInfo
from tests.support.books import JAN_9

DRAFT = (
    "INSERT INTO ledger_entry (journal_id, period_id, posted_on, status, memo, payee, reference, created_at)"
    f" SELECT journal.id, period.id, '{JAN_9}', 'draft', '', '', '', now()"
    " FROM ledger_journal AS journal, periods_period AS period"
    " WHERE journal.code = 'GEN' AND period.number = 1 RETURNING id"
)
LINE = (
    "INSERT INTO ledger_entryline (entry_id, line_no, account_id, currency, amount_minor, memo)"
    " SELECT {entry}, {number}, id, '{currency}', {minor}, '' FROM ledger_account WHERE code = '{account}'"
)
POST = "UPDATE ledger_entry SET status = 'posted', posted_at = now() WHERE id = {entry}"


def raw(tenant: TenantInfo, schema: str = "") -> psycopg.Connection:
    """A session of the tenant's role beside Django, in its schema."""
    settings = connections["default"].settings_dict
    session = psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname=settings["NAME"],
    )
    session.execute(sql.SQL("SET role = {}").format(sql.Identifier(tenant.role)))
    session.execute(sql.SQL("SET search_path = {}, public").format(sql.Identifier(schema or tenant.schema)))
    session.commit()
    return session


def attempt(session: psycopg.Connection, statement: str) -> str:
    """Returns "done", or the SQLSTATE of the refusal of the statement or the commit."""
    try:
        session.execute(statement.encode())
        session.commit()
    except psycopg.Error as error:
        session.rollback()
        return str(error.sqlstate)
    return "done"


@contextmanager
def as_owner(tenant: TenantInfo) -> Iterator[psycopg.Connection]:
    """A session of the database owner in the tenant's schema, for controls that drop a constraint."""
    owner = connections["owner"].settings_dict
    with psycopg.connect(
        host=owner["HOST"],
        port=owner["PORT"],
        user=owner["USER"],
        password=owner["PASSWORD"],
        dbname=owner["NAME"],
    ) as tampering:
        tampering.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(tenant.schema)))
        yield tampering
