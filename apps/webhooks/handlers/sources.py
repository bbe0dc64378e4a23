"""Sources and their secrets."""

from __future__ import annotations

import datetime as dt

from apps.bus import handles
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.webhooks import rules
from apps.webhooks.commands import AddSource, RetireSourceSecret, RotateSourceSecret
from apps.webhooks.models import Source, SourceSecret


@handles(AddSource)
def add_source(command: AddSource) -> Source:
    scheme = rules.scheme_must_exist(command.scheme)
    with together() as validation:
        validation.check(rules.source_name_must_be_free, command.name)
        validation.check(rules.secret_must_fit_scheme, scheme, command.secret)

    source = Source.objects.create(name=command.name, scheme=command.scheme, created_at=now())
    _store_secret(source, command.secret)
    return source


@handles(RotateSourceSecret)
def rotate_source_secret(command: RotateSourceSecret) -> Source:
    source = rules.source_must_exist(command.source_id)
    with together() as validation:
        validation.check(rules.secret_must_fit_scheme, rules.scheme_must_exist(source.scheme), command.secret)
        hours = validation.check(rules.overlap_must_be_in_range, command.overlap_hours)

    for secret in source.secrets.valid():
        secret.retire(now() + dt.timedelta(hours=hours))
    _store_secret(source, command.secret)
    return source


@handles(RetireSourceSecret)
def retire_source_secret(command: RetireSourceSecret) -> SourceSecret:
    secret = rules.source_secret_must_exist(command.secret_id)
    rules.secret_must_be_retirable(secret, command.reason)

    secret.retire(now())
    return secret


def _store_secret(source: Source, secret: str) -> None:
    row = SourceSecret(source=source, created_at=now())
    row.seal(secret)
    row.save()
