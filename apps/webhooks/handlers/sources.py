"""Whom we hear, and the secrets by which we know them."""

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
    with together() as asked:
        asked.check(rules.source_name_must_be_free, command.name)
        asked.check(rules.secret_must_be_the_providers, scheme, command.secret)

    source = Source.objects.create(name=command.name, scheme=command.scheme, created_at=now())
    _keep(source, command.secret)
    return source


@handles(RotateSourceSecret)
def rotate_source_secret(command: RotateSourceSecret) -> Source:
    source = rules.source_must_exist(command.source_id)
    with together() as asked:
        asked.check(
            rules.secret_must_be_the_providers, rules.scheme_must_exist(source.scheme), command.secret
        )
        hours = asked.check(rules.overlap_must_be_in_range, command.overlap_hours)

    for each in source.secrets.valid():
        each.retire(now() + dt.timedelta(hours=hours))
    _keep(source, command.secret)
    return source


@handles(RetireSourceSecret)
def retire_source_secret(command: RetireSourceSecret) -> SourceSecret:
    secret = rules.source_secret_must_exist(command.secret_id)
    with together() as asked:
        asked.check(rules.secret_must_be_valid, secret)
        asked.check(rules.another_secret_must_stay, secret)
        asked.check(rules.reason_must_be_given, command.reason)

    secret.retire(now())
    return secret


def _keep(source: Source, secret: str) -> None:
    kept = SourceSecret(source=source, created_at=now())
    kept.seal(secret)
    kept.save()
