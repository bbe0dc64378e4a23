"""Messages to chats, by the addresses of Apprise: `slack://…`, or the webhook link of the chat.

Apprise composes the request but does not send it. Only the services of `SERVICES` are loaded, an address has no
parameters (some of them read local files), and each request goes over `kernel.outbound`: HTTPS on port 443 of the
public internet, no redirects, no proxies, one deadline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from apprise import AppriseAsset
from django.conf import settings

from apps.kernel import outbound
from apps.notices.errors import ChatAddressRefused

from .outcome import NotSent

if TYPE_CHECKING:
    from apps.notices.models import NoticeDelivery

SERVICES: Mapping[str, tuple[str, str]] = {
    "discord": ("discord", "NotifyDiscord"),
    "gchat": ("google_chat", "NotifyGoogleChat"),
    "json": ("custom_json", "NotifyJSON"),
    "jsons": ("custom_json", "NotifyJSON"),
    "mmosts": ("mattermost", "NotifyMattermost"),
    "ntfys": ("ntfy", "NotifyNtfy"),
    "slack": ("slack", "NotifySlack"),
    "workflows": ("workflows", "NotifyWorkflows"),
}
"""By scheme, the module of Apprise and its class. `settings.NOTICE_SCHEMES` enables them."""


class ChatTransport:
    def send(self, delivery: NoticeDelivery) -> None:
        channel, notice = delivery.channel, delivery.notice
        if channel is None or not channel.is_active:
            raise NotSent("The notification channel was removed.", permanent=True)
        try:
            service = _service(channel.opened())
        except ChatAddressRefused as refusal:
            raise NotSent(str(refusal), permanent=True) from refusal
        with _connection(_post) as connection:
            accepted = service.notify(body=notice.text, title=notice.subject)
        if not accepted or connection.last_error:
            raise NotSent(connection.last_error or "Nothing was posted.")


def masked_address(address: str) -> str:
    """The public part of an address: the service and its host. Raises ChatAddressRefused."""
    with _connection(_discard) as connection:
        _service(address).notify(body="test", title="test")
    if not connection.urls:
        raise ChatAddressRefused(why="it posts nothing")
    try:
        hosts = {outbound.target(url).host for url in connection.urls}
    except outbound.AddressRefused as refusal:
        raise ChatAddressRefused(why=refusal.context["why"]) from refusal
    return f"{_scheme(address)} at {', '.join(sorted(hosts))}"


def schemes() -> Sequence[str]:
    """The enabled services."""
    return sorted(name for name in settings.NOTICE_SCHEMES if name in SERVICES)


def _service(address: str) -> Any:
    """Raises ChatAddressRefused for a service that is not enabled, and for an address that it cannot parse."""
    name = _scheme(address)
    module = import_module(f"apprise.plugins.{SERVICES[name][0]}")
    module.requests = _requests  # type: ignore[attr-defined]
    service_class = getattr(module, SERVICES[name][1])
    is_link = address.startswith("https:")
    arguments = service_class.parse_native_url(address) if is_link else service_class.parse_url(address)
    if not arguments:
        raise ChatAddressRefused(why=f"it is not an address of {name}")
    try:
        return service_class(**arguments, asset=_asset())
    except TypeError:
        raise ChatAddressRefused(why=f"it is not an address of {name}") from None


def _scheme(address: str) -> str:
    """The name of the service. The host of a webhook link identifies it."""
    parts = _parts(address)
    name = _SERVICE_OF_HOST.get(parts.hostname or "", "") if parts.scheme == "https" else parts.scheme
    if name not in schemes():
        raise ChatAddressRefused(why=f"it must be one of {', '.join(schemes())}")
    return name


_SERVICE_OF_HOST = {"hooks.slack.com": "slack", "discord.com": "discord", "discordapp.com": "discord"}


def _parts(address: str) -> Any:
    if len(address) > 2000 or not address.isprintable() or any(character in " \\?" for character in address):
        raise ChatAddressRefused(why="it has parameters, or characters that no address has")
    try:
        return urlsplit(address)
    except ValueError:
        raise ChatAddressRefused(why="it is not an address") from None


def _asset() -> AppriseAsset:
    return AppriseAsset(app_id="Bursar", app_desc="Bursar", secure_logging=True, http_redirects=False)


@dataclass
class _Connection:
    """The requests of one service call, and the last error."""

    send: Any
    urls: list[str] = field(default_factory=list)
    last_error: str = ""


_current: ContextVar[_Connection] = ContextVar("connection")


@contextmanager
def _connection(send: Any) -> Iterator[_Connection]:
    connection = _Connection(send)
    token = _current.set(connection)
    try:
        yield connection
    finally:
        _current.reset(token)


class _Requests:
    """The replacement for the package `requests` in a service: it can only post, over the current connection."""

    RequestException = requests.RequestException
    codes = requests.codes

    def post(self, url: str, data: Any = None, json: Any = None, **options: Any) -> requests.Response:
        return self.request("POST", url, data=data, json=json, **options)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        if method.upper() != "POST":
            raise requests.RequestException(f"{method} is not allowed.")
        arguments = {
            name: options.get(name) for name in ("params", "data", "json", "headers", "auth", "files")
        }
        prepared = requests.Request(method, url, **arguments).prepare()
        connection = _current.get()
        connection.urls.append(str(prepared.url))
        return connection.send(connection, prepared)  # type: ignore[no-any-return]


_requests = _Requests()


def _post(connection: _Connection, prepared: requests.PreparedRequest) -> requests.Response:
    body = prepared.body or b""
    try:
        response = outbound.post(
            str(prepared.url), dict(prepared.headers), body.encode() if isinstance(body, str) else body
        )
    except outbound.CannotReach as error:
        connection.last_error = str(error)
        raise requests.RequestException from error
    except outbound.AddressRefused as refusal:
        connection.last_error = str(
            ChatAddressRefused(why=refusal.context["why"])
        )  # the URL in it is a secret
        raise requests.RequestException from refusal
    if not 200 <= response.status < 300:
        connection.last_error = f"It answered {response.status}."
    return _response(response.status, response.body.encode())


def _discard(connection: _Connection, prepared: requests.PreparedRequest) -> requests.Response:
    return _response(200, b"ok")


def _response(status: int, content: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, content
    return response
