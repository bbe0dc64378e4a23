"""Messages to chats: one JSON post per message, over `kernel.outbound`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from apps.kernel.outbound import posting
from apps.kernel.outbound.errors import AddressRefused, CannotReach
from apps.kernel.outbound.targets import target
from apps.notices.errors import ChatAddressRefused

from . import issues
from .outcome import NotSent
from .payloads import Payload
from .services import ISSUE_TRACKERS, SERVICES, Request

if TYPE_CHECKING:
    from apps.notices.models import NoticeDelivery


class ChatTransport:
    def send(self, delivery: NoticeDelivery) -> None:
        channel, notice = delivery.channel, delivery.notice
        if channel is None or not channel.is_active:
            raise NotSent("The notification channel was removed.", permanent=True)
        address = channel.opened()
        try:
            request = _request(address, notice.subject, notice.text)
        except ChatAddressRefused as refusal:
            raise NotSent(str(refusal), permanent=True) from refusal
        if _service_name(address) in ISSUE_TRACKERS:
            issues.send(request, notice, _post)
        else:
            _post(request.url, request.headers, request.payload)


def masked_address(address: str) -> str:
    """The public part of an address: the service and its host. Raises ChatAddressRefused."""
    request = _request(address, "test", "test")
    try:
        host = target(request.url).host
    except AddressRefused as refusal:
        raise _without_url(refusal) from refusal
    return f"{_service_name(address)} at {host}"


def schemes() -> Sequence[str]:
    """The enabled services."""
    return sorted(name for name in settings.NOTICE_SCHEMES if name in SERVICES)


def _request(address: str, subject: str, text: str) -> Request:
    """Raises ChatAddressRefused."""
    name = _service_name(address)
    request = SERVICES[name].request(address, subject, text)
    if request is None:
        raise ChatAddressRefused(why=f"it is not an address of {name}")
    return request


_SERVICE_OF_HOST = {
    "hooks.slack.com": "slack",
    "discord.com": "discord",
    "discordapp.com": "discord",
    "chat.googleapis.com": "gchat",
}
_SERVICE_OF_DOMAIN = {".api.powerplatform.com": "workflows", ".logic.azure.com": "workflows"}


def _service_name(address: str) -> str:
    """The name of an enabled service: the scheme, or the service that the host of a webhook link identifies."""
    if len(address) > 2000 or not address.isprintable() or any(character in " \\" for character in address):
        raise ChatAddressRefused(why="it is too long, or has characters that no address has")
    try:
        parts = urlsplit(address)
    except ValueError:
        raise ChatAddressRefused(why="it is not an address") from None
    name = _of_host(parts.hostname or "") if parts.scheme == "https" else parts.scheme
    if name not in schemes():
        raise ChatAddressRefused(why=f"it must be one of {', '.join(schemes())}")
    return name


def _of_host(host: str) -> str:
    by_domain = (name for domain, name in _SERVICE_OF_DOMAIN.items() if host.endswith(domain))
    return _SERVICE_OF_HOST.get(host) or next(by_domain, "")


def _post(url: str, headers: Mapping[str, str], payload: Payload) -> str:
    """The start of the response's body. Raises NotSent."""
    body = json.dumps(payload, ensure_ascii=False).encode()
    try:
        response = posting.post(url, headers, body)
    except CannotReach as error:
        raise NotSent(str(error)) from error
    except AddressRefused as refusal:
        raise NotSent(str(_without_url(refusal))) from refusal
    if not 200 <= response.status < 300:
        raise NotSent(f"It answered {response.status}.")
    return response.body


def _without_url(refusal: AddressRefused) -> ChatAddressRefused:
    """The URL is a secret."""
    return ChatAddressRefused(why=refusal.context["why"])
