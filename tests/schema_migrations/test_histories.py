"""A database that was made by other migrations than the code's is refused, and nothing is changed."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from apps.kernel.tenant import activate
from apps.schema_migrations import histories
from apps.schema_migrations.errors import MadeByOtherMigrations

pytestmark = pytest.mark.usefixtures("db")


def record(app: str, name: str) -> None:
    with activate(None):
        MigrationRecorder(connections["owner"]).record_applied(app, name)


def forget(app: str, name: str) -> None:
    with activate(None):
        MigrationRecorder(connections["owner"]).record_unapplied(app, name)


def test_a_database_of_these_migrations_is_accepted():
    histories.must_continue()


def test_a_database_of_a_rewritten_chain_is_refused():
    record("ledger", "0003_old")
    forget("ledger", "0002_invariants")

    with pytest.raises(MadeByOtherMigrations) as refused:
        histories.must_continue()

    assert "it has ledger.0003_old, and lacks ledger.0002_invariants." in str(refused.value)


def test_a_database_of_a_later_version_is_accepted():
    record("ledger", "0003_later")

    histories.must_continue()


def test_a_database_that_lacks_a_migration_of_another_app_is_accepted():
    record("ledger", "0003_later")
    forget("sales", "0002_invariants")

    histories.must_continue()


def test_migrate_schemas_refuses_a_rewritten_chain_and_changes_nothing(capsys):
    record("ledger", "0003_old")
    forget("ledger", "0002_invariants")

    with pytest.raises(SystemExit) as ended:
        call_command("migrate_schemas")

    assert ended.value.code == 3
    assert "tenancy.made_by_other_migrations: The database home was made by" in capsys.readouterr().err
    with activate(None):
        assert ("ledger", "0002_invariants") not in MigrationRecorder(
            connections["owner"]
        ).applied_migrations()
