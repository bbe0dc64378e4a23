"""The table of keys, and what shows it: the runbook, the example and the processes of `make up`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apps.kernel.queues.policies import POOLS
from config.env.example import required as required_in_example
from config.env.variables import REQUIRED_IN_PRODUCTION, Environment
from config.keys.kinds import WORKERS, Kind, kind_of_command, kinds_of_worker
from config.keys.table import KEYS, held_by
from config.up import plan
from tests.support.keys import all_keys

PAGE = (Path(__file__).parents[2] / "docs" / "keys.md").read_text()
BY_VARIABLE = {key.variable: key for key in KEYS}

pytestmark = pytest.mark.usefixtures("empty_environment")


def test_every_secret_variable_is_a_key_of_the_table() -> None:
    secret = {
        name
        for name, field in Environment.model_fields.items()
        if not field.repr
        or "SecretStr" in str(field.annotation)
        or name.endswith(("_key", "_keys", "_token"))
    }

    assert secret == {key.variable for key in KEYS}
    assert len(KEYS) == len(BY_VARIABLE)


def test_the_page_for_operators_shows_the_table() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|(.*)\|$", PAGE, re.MULTILINE)
    kinds = [kind for kind in Kind if kind is not Kind.OPERATOR]
    expected = {
        key.name: [
            "needs" if kind in key.needed_by else "may" if kind in key.optional else "" for kind in kinds
        ]
        for key in KEYS
    }

    assert {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows} == expected
    assert "| key | " + " | ".join(kind.words for kind in kinds) + " |" in PAGE


def test_the_page_for_operators_has_a_section_on_the_rotation_of_every_key() -> None:
    headings = re.findall(r"^### (.+)$", PAGE.partition("## Rotation")[2], re.MULTILINE)

    assert headings == [*dict.fromkeys(key.rotation for key in KEYS)]


def test_keys_that_processes_need_are_required_in_the_example() -> None:
    assert required_in_example() == {
        *REQUIRED_IN_PRODUCTION,
        *(key.variable for key in KEYS if key.needed_by),
    }


def test_the_web_process_and_what_it_starts_hold_no_key_of_the_audit_seals() -> None:
    assert BY_VARIABLE["audit_keys"].holders == {Kind.AUDIT, Kind.BACKUP_WORKER, Kind.OPERATOR}
    assert BY_VARIABLE["audit_keys"].needed_by == {Kind.AUDIT, Kind.BACKUP_WORKER}


def test_the_owner_of_the_tables_is_known_to_migrations_and_operators_only() -> None:
    for name in ("database_owner_url", "database_owner_shards"):
        assert BY_VARIABLE[name].holders == {Kind.MIGRATION, Kind.OPERATOR}


def test_a_worker_is_of_the_kinds_of_its_queues() -> None:
    assert kinds_of_worker(["financial"]) == {Kind.FINANCIAL}
    assert kinds_of_worker(["low"]) == {Kind.AUDIT}
    assert kinds_of_worker(["default", "billing"]) == {Kind.DEFAULT, Kind.BILLING}
    assert {*POOLS} == {*WORKERS}


def test_a_command_is_of_the_kind_of_its_process_else_an_operators() -> None:
    assert kind_of_command("relay") is Kind.RELAY
    assert kind_of_command("migrate_schemas") is Kind.MIGRATION
    assert kind_of_command("trace") is Kind.OPERATOR


@pytest.mark.parametrize("kind", Kind)
def test_make_up_gives_each_process_its_own_keys(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in all_keys().items():
        monkeypatch.setenv(name.upper(), value)
    started = {
        Kind.WEB: plan.web,
        Kind.BEAT: plan.beat,
        Kind.RELAY: plan.relay,
        Kind.BACKUP_WORKER: plan.backup_worker,
        Kind.MIGRATION: lambda: plan.preparations()[0],
        Kind.OPERATOR: lambda: plan.preparations()[1],
        **{worker: lambda pool=worker: plan.worker(pool) for worker in WORKERS},
    }

    names = {name.lower() for name in started[kind]().environment} & BY_VARIABLE.keys()

    assert names == held_by(kind)
