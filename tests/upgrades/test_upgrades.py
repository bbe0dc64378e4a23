"""Each recorded dump is migrated by this version, and its books and audit chains stay as they were."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from apps.audit.sealing import seal
from apps.audit.verification import verify
from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.periods.errors import PeriodIsClosed
from apps.tenancy.models import Tenant
from tests.support.database import empty_what_is_beside
from tests.support.reset import point_at

from . import dumps, invariants
from .business import FEBRUARY, JANUARY, RECORDER, rent
from .dumps import RecordedDump
from .schemas import definition_of, differences

pytestmark = pytest.mark.xdist_group("upgrades")  # a dump is restored once
slow = pytest.mark.slow("a dump is restored and migrated")
COMMAND = "`.venv/bin/python -m tests.upgrades.record LABEL` and commit what it writes"


@dataclass(frozen=True)
class Upgrade:
    """A recorded dump in the database in which it was migrated, and `fresh`, a database of this version."""

    dump: RecordedDump
    database: str
    fresh: str


@pytest.fixture(scope="module", params=dumps.recorded_labels())
def upgrade(request: pytest.FixtureRequest, template: str, django_db_blocker: Any) -> Iterator[Upgrade]:
    dump = RecordedDump.read(request.param)
    database = f"{template}_{dump.label}_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}"
    with django_db_blocker.unblock():
        dump.restore(database)
        before = connections["default"].settings_dict["NAME"]
        point_at(database)
        empty_what_is_beside()
        call_command("migrate_schemas", verbosity=0)
        yield Upgrade(dump, database, template)
        point_at(before)
        dumps.drop(database)


@pytest.mark.exhaustive("compares every schema")
@slow
def test_the_schemas_of_a_migrated_dump_equal_those_of_a_new_database(upgrade):
    """If they differ while no migration's file has changed, what it calls has: before its release the dump is recorded
    anew, and afterwards a migration must make the difference."""
    assert differences(definition_of(upgrade.database), definition_of(upgrade.fresh)) == []


@slow
def test_trial_balances_and_audit_chains_of_a_migrated_dump_are_those_that_were_recorded(upgrade):
    assert invariants.of_platform() == upgrade.dump.invariants


@pytest.mark.slow("restores and migrates a dump")
@slow
def test_a_migrated_dump_takes_further_entries_and_seals_them(upgrade):
    tenant = Tenant.objects.order_by("-slug").first()
    with activate(tenant.info):
        count, head = Entry.objects.count(), verify().head

        dispatch(rent("EUR", FEBRUARY), actor=RECORDER)
        with pytest.raises(PeriodIsClosed):
            dispatch(rent("EUR", JANUARY), actor=RECORDER)
        sealed = seal()

        assert Entry.objects.count() == count + 1
        assert sealed[0].previous_hash == head
        assert verify().intact


def test_the_migrations_that_made_a_dump_are_unchanged():
    """An unreleased migration may be edited: then the dumps of its old form go, and a new one is recorded. A released
    one never changes: `manage.py check_migrations` refuses it."""
    known, replaced = dumps.digests_of_code(), dumps.replaced_by_code()

    changed = [
        f"{label} of the dump {dump.label}"
        for dump in dumps.recorded_dumps()
        for label in dump.changed_migrations(known, replaced)
    ]

    assert not changed, f"Edited since: {', '.join(changed)}. Run {COMMAND}."


def test_the_migrations_of_the_code_have_a_dump():
    known = dumps.digests_of_code()
    recorded = [set(dump.digests) for dump in dumps.recorded_dumps()]

    unrecorded = min((sorted(set(known) - labels) for labels in recorded), key=len, default=sorted(known))

    assert not unrecorded, f"No dump has {', '.join(unrecorded)}. Run {COMMAND}."


class TestChangedMigrations:
    dump = RecordedDump("x", {"ledger.0001_initial": "a", "ledger.0002_invariants": "b"}, 0, {})

    def test_of_the_same_contents_there_are_none(self):
        assert self.dump.changed_migrations(self.dump.digests) == []

    def test_later_migrations_do_not_count(self):
        assert self.dump.changed_migrations({**self.dump.digests, "ledger.0003_later": "c"}) == []

    def test_edited_and_removed_ones_are_named(self):
        assert self.dump.changed_migrations({"ledger.0001_initial": "z"}) == [
            "ledger.0001_initial",
            "ledger.0002_invariants",
        ]

    def test_migrations_replaced_by_a_squashed_migration_may_be_absent(self):
        replaced = set(self.dump.digests)

        assert self.dump.changed_migrations({}, replaced) == []
        assert self.dump.changed_migrations({"ledger.0001_initial": "z"}, replaced) == ["ledger.0001_initial"]
