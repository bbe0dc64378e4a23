"""Endpoints and their secrets."""

from __future__ import annotations

import datetime as dt

from apps.bus import handles
from apps.bus.edits import edits_columns
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.webhooks import messages, rules, signing
from apps.webhooks.commands import (
    ChangeEndpoint,
    DisableEndpoint,
    EnableEndpoint,
    RegisterEndpoint,
    RetireSecret,
    RotateSecret,
)
from apps.webhooks.errors import ReasonMissing
from apps.webhooks.models import Endpoint, Secret


@handles(RegisterEndpoint)
def register_endpoint(command: RegisterEndpoint) -> Endpoint:
    """The result has the `new_secret`, once."""
    with together() as validation:
        validation.check(rules.url_must_be_allowed, command.url)
        events = validation.check(rules.events_must_exist, command.events)

    endpoint = Endpoint.objects.create(
        url=command.url,
        description=command.description,
        events=events,
        created_at=now(),
        enabled_at=now(),
    )
    return _with_new_secret(endpoint)


@handles(ChangeEndpoint, edits=edits_columns(Endpoint, "endpoint_id", "url", "description", "events"))
def change_endpoint(command: ChangeEndpoint) -> Endpoint:
    endpoint = rules.endpoint_must_exist(command.endpoint_id)
    with together() as validation:
        validation.check(rules.url_must_be_allowed, command.url)
        events = validation.check(rules.events_must_exist, command.events)

    endpoint.url, endpoint.description, endpoint.events = command.url, command.description, events
    endpoint.save(update_fields=["url", "description", "events"])
    return endpoint


@handles(DisableEndpoint)
def disable_endpoint(command: DisableEndpoint) -> Endpoint:
    endpoint = rules.endpoint_must_be_active(rules.endpoint_must_exist(command.endpoint_id))
    reason = reason_must_be_given(command.reason, ReasonMissing)

    endpoint.disable(reason)
    return endpoint


@handles(EnableEndpoint)
def enable_endpoint(command: EnableEndpoint) -> Endpoint:
    endpoint = rules.endpoint_must_be_disabled(rules.endpoint_must_exist(command.endpoint_id))

    endpoint.enable()
    messages.send_hint(endpoint)
    return endpoint


@handles(RotateSecret)
def rotate_secret(command: RotateSecret) -> Endpoint:
    """The result has the `new_secret`, once."""
    endpoint = rules.endpoint_must_exist(command.endpoint_id)
    hours = rules.overlap_must_be_in_range(command.overlap_hours)

    for secret in endpoint.secrets.valid():
        secret.retire(now() + dt.timedelta(hours=hours))
    return _with_new_secret(endpoint)


@handles(RetireSecret)
def retire_secret(command: RetireSecret) -> Secret:
    secret = rules.secret_must_exist(command.secret_id)
    rules.secret_must_be_retirable(secret, command.reason)

    secret.retire(now())
    return secret


def _with_new_secret(endpoint: Endpoint) -> Endpoint:
    endpoint.new_secret = signing.new_secret()
    secret = Secret(endpoint=endpoint, created_at=now())
    secret.seal(endpoint.new_secret)
    secret.save()
    return endpoint
