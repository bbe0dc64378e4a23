"""Limits of attempts with a password: one implementation for console, API and every page that asks for it.

An attempt counts against its account *and* source, the source alone, and the account alone, and is refused while one
of the three waits. So five wrong tries of a stranger slow the stranger. Many sources together slow all unknown devices,
but not a known one (`devices`): it counts alone, with its account.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import redis
from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from apps.identity.errors import AttemptsUnavailable, PasswordWrong, TooManyAttempts
from apps.kernel.cache import backoff
from apps.kernel.cache.backoff import Limit

from . import devices

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
IPV6_NETWORK_BITS = 64
"""One client of IPv6 has at least such a network of addresses."""


class Attempt:
    """One attempt, counted as a failure until it succeeds."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits = limits

    def succeeded(self) -> None:
        """Forgets the failures of account and source, and does not count for the others. These keep their failures:
        a stranger with one account must not reset the limits of guessing others."""
        own, *shared = self._limits
        backoff.forget(own)
        backoff.give_back(shared)

    def give_back(self) -> None:
        """As if it had not been made."""
        backoff.give_back(self._limits)


def begin(request: HttpRequest, account: str) -> Attempt:
    """`account` is the e-mail address as typed, which need not exist. Raises TooManyAttempts, AttemptsUnavailable."""
    name = _digest(account.strip().casefold())
    if device := devices.known(request, account):
        limits = [_of_account_and_source(name, f"device:{device}")]
    else:
        source = source_of(request)
        limits = [_of_account_and_source(name, source), _of_source(source), _of_account(name)]
    if wait_s := _take(limits):
        raise TooManyAttempts(seconds=wait_s)
    return Attempt(limits)


@contextmanager
def password_attempt(request: HttpRequest, account: str) -> Iterator[None]:
    """For a command with the current password: counts if it is refused by PasswordWrong. Raises TooManyAttempts."""
    attempt = begin(request, account)
    try:
        yield
    except PasswordWrong:
        raise
    except BaseException:
        attempt.give_back()
        raise
    attempt.succeeded()


def may_send_link(request: HttpRequest, email: str) -> bool:
    """False when the address got links a moment ago: the page says the same, and no e-mail is sent. Raises
    TooManyAttempts for a source that asks for many."""
    if wait_s := _take([_links_of_source(source_of(request))]):
        raise TooManyAttempts(seconds=wait_s)
    return not _take([_links_to(_digest(email.strip().casefold()))])


def _take(limits: Sequence[Limit]) -> int:
    try:
        return backoff.take(limits)
    except redis.RedisError:
        raise AttemptsUnavailable from None


def source_of(request: HttpRequest) -> str:
    """The address of the client before our own proxies; of IPv6, its network."""
    text = get_adapter().get_client_ip(request)
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False).network_address)
    return str(address)


def _of_account_and_source(account: str, source: str) -> Limit:
    return Limit(
        name=f"password:{account}:{source}",
        allowed=5,
        first_wait_s=MINUTE_S,
        max_wait_s=HOUR_S,
        memory_s=DAY_S,
    )


def _of_source(source: str) -> Limit:
    return Limit(
        name=f"password:source:{source}",
        allowed=15,
        first_wait_s=10,
        max_wait_s=10 * MINUTE_S,
        memory_s=HOUR_S,
    )


def _of_account(account: str) -> Limit:
    """The soft limit, for many sources that guess one password."""
    return Limit(
        name=f"password:account:{account}",
        allowed=20,
        first_wait_s=MINUTE_S,
        max_wait_s=15 * MINUTE_S,
        memory_s=DAY_S,
    )


def _links_of_source(source: str) -> Limit:
    return Limit(
        name=f"password_link:source:{source}",
        allowed=10,
        first_wait_s=MINUTE_S,
        max_wait_s=HOUR_S,
        memory_s=HOUR_S,
    )


def _links_to(account: str) -> Limit:
    return Limit(
        name=f"password_link:{account}",
        allowed=3,
        first_wait_s=5 * MINUTE_S,
        max_wait_s=HOUR_S,
        memory_s=DAY_S,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
