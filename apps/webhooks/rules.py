"""Validation of webhooks."""

from __future__ import annotations

from collections.abc import Sequence

import redis
from django.conf import settings

from apps.kernel.cache.throttling import use
from apps.kernel.errors import together
from apps.kernel.outbound.targets import target
from apps.kernel.reasons import reason_must_be_given

from . import queries
from .errors import (
    EndpointIsActive,
    EndpointIsDisabled,
    EndpointNotFound,
    EventUnknown,
    LastSecret,
    MessageIsInProgress,
    MessageNotFound,
    OverlapOutOfRange,
    ReasonMissing,
    ReceivedIsProcessed,
    ReceivedNotFound,
    SchemeUnknown,
    SecretIsRetired,
    SecretMalformed,
    SecretNotFound,
    SourceNameTaken,
    SourceNotFound,
    TooManyMessages,
)
from .models import Endpoint, Message, Received, SealedSecret, Secret, Source, SourceSecret
from .schemes import SCHEMES, Scheme
from .signing import InvalidSecret

MAX_OVERLAP_HOURS = 24 * 30


def url_must_be_allowed(url: str) -> str:
    """Checks the URL; its host name is resolved and checked at each attempt."""
    target(url)
    return url


def events_must_exist(names: Sequence[str]) -> list[str]:
    unknown = sorted(set(names) - set(queries.event_names()))
    if unknown:
        raise EventUnknown(names=", ".join(unknown))
    return sorted(set(names))


def endpoint_must_exist(endpoint_id: int) -> Endpoint:
    """Locked, so that changes of its state and secrets are serialized."""
    endpoint = Endpoint.objects.select_for_update(no_key=True).filter(pk=endpoint_id).first()
    if endpoint is None:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    return endpoint


def endpoint_must_be_active(endpoint: Endpoint) -> Endpoint:
    if not endpoint.is_active:
        raise EndpointIsDisabled(endpoint=endpoint)
    return endpoint


def endpoint_must_be_disabled(endpoint: Endpoint) -> Endpoint:
    if endpoint.is_active:
        raise EndpointIsActive(endpoint=endpoint)
    return endpoint


def overlap_must_be_in_range(hours: int) -> int:
    if not 0 <= hours <= MAX_OVERLAP_HOURS:
        raise OverlapOutOfRange(limit=MAX_OVERLAP_HOURS)
    return hours


def secret_must_exist(secret_id: int) -> Secret:
    """The endpoint is locked."""
    locked = Endpoint.objects.select_for_update(of=("self",), no_key=True)
    endpoint = locked.filter(secrets=secret_id).first()
    if endpoint is None:
        raise SecretNotFound(secret_id=secret_id)
    return endpoint.secrets.get(pk=secret_id)


def source_secret_must_exist(secret_id: int) -> SourceSecret:
    """The source is locked."""
    locked = Source.objects.select_for_update(of=("self",), no_key=True)
    source = locked.filter(secrets=secret_id).first()
    if source is None:
        raise SecretNotFound(secret_id=secret_id)
    return source.secrets.get(pk=secret_id)


def secret_must_be_retirable(secret: SealedSecret, reason: str) -> None:
    with together() as validation:
        validation.check(secret_must_be_valid, secret)
        validation.check(another_secret_must_remain, secret)
        validation.check(reason_must_be_given, reason, ReasonMissing)


def secret_must_be_valid(secret: SealedSecret) -> None:
    if not secret.is_valid:
        raise SecretIsRetired(secret=secret)


def another_secret_must_remain(secret: SealedSecret) -> None:
    others = secret.owner.secrets.permanent().exclude(pk=secret.pk)
    if not others.exists():
        raise LastSecret(owner=secret.owner)


def message_must_exist(message_id: int) -> Message:
    """The row is locked."""
    message = Message.objects.select_for_update().filter(pk=message_id).first()
    if message is None:
        raise MessageNotFound(message_id=message_id)
    return message


def message_must_not_be_in_progress(message: Message) -> Message:
    if message.is_in_progress:
        raise MessageIsInProgress(message=message)
    return message


def source_must_exist(source_id: int) -> Source:
    """Locked, so that changes of its secrets are serialized."""
    source = Source.objects.select_for_update(no_key=True).filter(pk=source_id).first()
    if source is None:
        raise SourceNotFound(source=source_id)
    return source


def source_name_must_be_free(name: str) -> str:
    if Source.objects.filter(name=name).exists():
        raise SourceNameTaken(name=name)
    return name


def scheme_must_exist(name: str) -> Scheme:
    if name not in SCHEMES:
        raise SchemeUnknown(scheme=name, schemes=", ".join(sorted(SCHEMES)))
    return SCHEMES[name]


def secret_must_fit_scheme(scheme: Scheme, secret: str) -> str:
    try:
        scheme.check(secret)
    except InvalidSecret as why:
        raise SecretMalformed(why=why) from None
    return secret


def received_must_exist(received_id: int) -> Received:
    """The row is locked."""
    received = Received.objects.select_for_update().filter(pk=received_id).first()
    if received is None:
        raise ReceivedNotFound(received_id=received_id)
    return received


def received_must_not_be_processed(received: Received) -> Received:
    if received.state == Received.State.PROCESSED:
        raise ReceivedIsProcessed(received=received)
    return received


def must_not_be_too_many(source: Source, address: str = "") -> None:
    """The messages of the source in one minute, from the address or with valid signatures. Without Redis no limit."""
    limit: int = settings.WEBHOOKS_PER_MINUTE
    try:
        used = use(f"webhooks:{source.pk}:{address}")
    except redis.RedisError:
        return
    if used.count > limit:
        raise TooManyMessages(limit=limit, seconds=used.resets_in)
