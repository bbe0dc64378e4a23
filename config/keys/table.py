"""Every key and credential, and the kinds of processes that hold it. docs/keys.md shows the table to operators.

A process has only the keys that it uses, so that a process that is taken over gives away no others. In particular, no
process that serves requests can seal the audit log, which would let it rewrite the log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from . import forms
from .kinds import WORKERS, Kind

EVERY = frozenset(Kind)
WITH_DATABASE = EVERY - {Kind.BEAT}
WITH_FILES = WORKERS | {Kind.WEB, Kind.BACKUP_WORKER}
BACKUPS = frozenset({Kind.BACKUP_WORKER})
NONE: frozenset[Kind] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Key:
    """`variable` in lower case. An operator's command may hold every key, because a person chooses the command.

    needed_by  processes that do not start without it
    optional   further processes that may hold it
    rotation   the heading of its rotation in docs/keys.md
    form       faults of its values, as sentences without the values
    """

    variable: str
    needed_by: frozenset[Kind] = NONE
    optional: frozenset[Kind] = NONE
    rotation: str
    form: Callable[[Collection[str]], Iterable[str]]

    @property
    def name(self) -> str:
        return self.variable.upper()

    @property
    def holders(self) -> frozenset[Kind]:
        return self.needed_by | self.optional | {Kind.OPERATOR}


KEYS = (
    Key(
        variable="secret_key",
        needed_by=frozenset({Kind.WEB, Kind.DEFAULT}),  # the default queue sends links
        rotation="SECRET_KEY",
        form=forms.faults_of_secret_keys,
    ),
    Key(
        variable="secret_key_fallbacks",
        optional=frozenset({Kind.WEB, Kind.DEFAULT}),
        rotation="SECRET_KEY",
        form=forms.faults_of_secret_keys,
    ),
    Key(
        variable="field_keys",
        # Web stores secrets and verifies incoming messages; the workers send webhooks and notices, and each of them
        # executes approved commands, whose fields are encrypted.
        needed_by=WORKERS | {Kind.WEB},
        rotation="FIELD_KEYS",
        form=forms.faults_of_key_list,
    ),
    Key(
        variable="audit_keys",
        needed_by=frozenset({Kind.AUDIT, Kind.BACKUP_WORKER}),
        rotation="AUDIT_KEYS",
        form=forms.faults_of_key_list,
    ),
    Key(
        variable="token_keys",
        needed_by=frozenset({Kind.WEB}),
        rotation="TOKEN_KEYS",
        form=forms.faults_of_key_list,
    ),
    Key(
        variable="metrics_token",
        optional=frozenset({Kind.WEB}),
        rotation="METRICS_TOKEN",
        form=forms.faults_of_token,
    ),
    Key(
        variable="database_url",
        needed_by=WITH_DATABASE,
        rotation="Passwords of database roles",
        form=forms.faults_of_database,
    ),
    Key(
        variable="database_shards",
        optional=WITH_DATABASE,
        rotation="Passwords of database roles",
        form=forms.faults_of_shards,
    ),
    Key(
        variable="database_owner_url",
        needed_by=frozenset({Kind.MIGRATION}),
        rotation="Passwords of database roles",
        form=forms.faults_of_database,
    ),
    Key(
        variable="database_owner_shards",
        optional=frozenset({Kind.MIGRATION}),
        rotation="Passwords of database roles",
        form=forms.faults_of_shards,
    ),
    Key(
        variable="database_relay_url",
        needed_by=frozenset({Kind.RELAY}),
        rotation="Passwords of database roles",
        form=forms.faults_of_database,
    ),
    Key(
        variable="database_relay_shards",
        optional=frozenset({Kind.RELAY}),
        rotation="Passwords of database roles",
        form=forms.faults_of_shards,
    ),
    Key(
        variable="database_backup_url",
        needed_by=BACKUPS,
        rotation="Passwords of database roles",
        form=forms.faults_of_database,
    ),
    Key(
        variable="database_backup_shards",
        optional=BACKUPS,
        rotation="Passwords of database roles",
        form=forms.faults_of_shards,
    ),
    Key(variable="database_movers", rotation="Passwords of database roles", form=forms.faults_of_shards),
    Key(
        variable="redis_url",
        needed_by=EVERY,
        rotation="Passwords of Redis and the broker",
        form=forms.faults_of_redis,
    ),
    Key(
        variable="broker_url",
        optional=EVERY,
        rotation="Passwords of Redis and the broker",
        form=forms.faults_of_broker,
    ),
    Key(
        variable="email_url",
        optional=frozenset({Kind.DEFAULT, Kind.AUDIT}),
        rotation="Credentials of services",
        form=forms.faults_of_mail,
    ),
    Key(
        variable="flag_source_token",
        optional=EVERY,
        rotation="Credentials of services",
        form=forms.faults_of_service,
    ),
    Key(
        variable="aws_access_key_id",
        optional=WITH_FILES,
        rotation="Credentials of services",
        form=forms.faults_of_service,
    ),
    Key(
        variable="aws_secret_access_key",
        optional=WITH_FILES,
        rotation="Credentials of services",
        form=forms.faults_of_service,
    ),
    Key(
        variable="aws_session_token",
        optional=WITH_FILES,
        rotation="Credentials of services",
        form=forms.faults_of_service,
    ),
)


def held_by(kind: Kind) -> frozenset[str]:
    """The variables of the keys that such a process may hold."""
    return frozenset(key.variable for key in KEYS if kind in key.holders)


def withheld_from(kind: Kind) -> frozenset[str]:
    """The names of the variables that such a process must not have."""
    return frozenset(key.name for key in KEYS if kind not in key.holders)
