"""Each process holds its own keys only."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from config.keys.checks import missing_keys, refuse_wrong_keys, surplus_keys
from config.keys.kinds import Kind
from config.keys.table import KEYS, held_by, withheld_from
from tests.support.keys import all_keys, environment, held, key, of_bytes, refusal_of

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("empty_environment")


@pytest.mark.parametrize("kind", Kind)
def test_a_process_with_its_own_keys_starts(kind: Kind) -> None:
    refuse_wrong_keys(held(kind), [kind], strict=True)


@pytest.mark.parametrize("kind", Kind)
def test_a_process_without_a_needed_key_is_refused_also_in_development(kind: Kind) -> None:
    needed = [key.name for key in KEYS if kind in key.needed_by]

    assert missing_keys(environment({}), [kind]) == needed
    text = refusal_of(environment({}), [kind], strict=False)
    assert f"this process ({kind.words}) needs {', '.join(needed)}" in text


@pytest.mark.parametrize("kind", [kind for kind in Kind if withheld_from(kind)])
def test_a_process_with_the_keys_of_others_is_refused_in_production(kind: Kind) -> None:
    surplus = surplus_keys(environment(all_keys()), [kind])

    assert {*surplus} == withheld_from(kind)
    text = refusal_of(environment(all_keys()), [kind])
    assert f"this process ({kind.words}) must not hold {', '.join(surplus)}" in text


def test_a_process_with_the_keys_of_others_starts_with_a_warning_in_development(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="config.keys.checks"):
        refuse_wrong_keys(held(Kind.WEB, audit_keys=key()), [Kind.WEB], strict=False)

    assert "This process (web) should not hold AUDIT_KEYS" in caplog.text


def test_a_worker_of_several_pools_holds_the_keys_of_all() -> None:
    values = held(Kind.DEFAULT, audit_keys=key())

    refuse_wrong_keys(values, [Kind.DEFAULT, Kind.AUDIT], strict=True)
    assert "must not hold AUDIT_KEYS" in refusal_of(values, [Kind.DEFAULT])


def test_a_process_that_has_not_declared_its_kind_needs_what_all_need() -> None:
    assert missing_keys(environment({}), []) == ["REDIS_URL"]
    assert surplus_keys(environment(all_keys()), []) == []


def test_all_faults_are_in_one_message() -> None:
    values = held(
        Kind.WEB, secret_key="short", field_keys="", audit_keys=key(), token_keys=of_bytes(bytes(32))
    )

    text = refusal_of(values, [Kind.WEB], required=("public_url", "files_url"))

    assert "set PUBLIC_URL, FILES_URL" in text
    assert "needs FIELD_KEYS" in text
    assert "must not hold AUDIT_KEYS" in text
    assert "SECRET_KEY has 5 characters" in text
    assert "TOKEN_KEYS key 1 is not random" in text
    assert text.endswith("See docs/keys.md.")


def test_secrets_do_not_show_in_the_representation() -> None:
    shown = repr(environment(all_keys()))

    assert [name for name, value in all_keys().items() if value in shown] == []


def test_a_process_of_production_with_the_key_of_another_ends_with_one_sentence() -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "relay"],
        cwd=ROOT,
        env={name.upper(): value for name, value in all_keys().items() if name in held_by(Kind.RELAY)}
        | {
            "AUDIT_KEYS": key(),
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            "PUBLIC_URL": "https://bursar.example",
            "FILES_URL": "s3://bursar",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr == (
        "Bursar cannot start: this process (relay) must not hold AUDIT_KEYS. See docs/keys.md.\n"
    )
