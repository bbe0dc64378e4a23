"""Messages into chats, by the addresses that Apprise knows: `slack://…`, or the link that a chat gives for its webhook.

Apprise knows how each chat wants to be told; it is not let out by itself. Only the services of `SERVICES` are ever
loaded, an address has no parameters (some of them read files of this machine), and what a service wants to post goes
over `kernel.outbound`: HTTPS on port 443 of the open internet, no redirects, no proxies, one deadline.
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
    from apps.notices.models import Copy

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
"""By scheme, the module of Apprise and its class. `settings.NOTICE_SCHEMES` says which of them may be used."""


class Chat:
    def send(self, copy: Copy) -> None:
        target, notice = copy.target, copy.notice
        if target is None or not target.is_active:
            raise NotSent("The target was removed.", for_good=True)
        try:
            service = _service(target.opened())
        except ChatAddressRefused as refusal:
            raise NotSent(str(refusal), for_good=True) from refusal
        with _line(_post) as line:
            taken = service.notify(body=notice.text, title=notice.subject)
        if not taken or line.last_error:
            raise NotSent(line.last_error or "Nothing was posted.")


def shown(address: str) -> str:
    """As much of the address as may be seen: the service, and where it posts. Raises ChatAddressRefused."""
    with _line(_swallow) as line:
        _service(address).notify(body="test", title="test")
    if not line.urls:
        raise ChatAddressRefused(why="it posts nothing")
    try:
        hosts = {outbound.target(url).host for url in line.urls}
    except outbound.AddressRefused as refusal:
        raise ChatAddressRefused(why=refusal.context["why"]) from refusal
    return f"{_scheme(address)} at {', '.join(sorted(hosts))}"


def schemes() -> Sequence[str]:
    """The services that may be used here."""
    return sorted(name for name in settings.NOTICE_SCHEMES if name in SERVICES)


def _service(address: str) -> Any:
    """Raises ChatAddressRefused for what is not on the list, and for what its service does not understand."""
    name = _scheme(address)
    module = import_module(f"apprise.plugins.{SERVICES[name][0]}")
    module.requests = _ours  # type: ignore[attr-defined]
    made = getattr(module, SERVICES[name][1])
    given = made.parse_native_url(address) if address.startswith("https:") else made.parse_url(address)
    if not given:
        raise ChatAddressRefused(why=f"it is not an address of {name}")
    try:
        return made(**given, asset=_asset())
    except TypeError:
        raise ChatAddressRefused(why=f"it is not an address of {name}") from None


def _scheme(address: str) -> str:
    """The service's name. A chat's own link begins with https, and its host says whose it is."""
    parts = _parts(address)
    name = _NATIVE.get(parts.hostname or "", "") if parts.scheme == "https" else parts.scheme
    if name not in schemes():
        raise ChatAddressRefused(why=f"it must be one of {', '.join(schemes())}")
    return name


_NATIVE = {"hooks.slack.com": "slack", "discord.com": "discord", "discordapp.com": "discord"}


def _parts(address: str) -> Any:
    if len(address) > 2000 or not address.isprintable() or any(each in " \\?" for each in address):
        raise ChatAddressRefused(why="it has parameters, or characters that no address has")
    try:
        return urlsplit(address)
    except ValueError:
        raise ChatAddressRefused(why="it is not an address") from None


def _asset() -> AppriseAsset:
    return AppriseAsset(app_id="Bursar", app_desc="Bursar", secure_logging=True, http_redirects=False)


@dataclass
class _Line:
    """What went over it, and what was wrong."""

    carry: Any
    urls: list[str] = field(default_factory=list)
    last_error: str = ""


_current: ContextVar[_Line] = ContextVar("line")


@contextmanager
def _line(carry: Any) -> Iterator[_Line]:
    line = _Line(carry)
    token = _current.set(line)
    try:
        yield line
    finally:
        _current.reset(token)


class _Ours:
    """What a service has in place of the package `requests`: it can post over our line, and nothing else."""

    RequestException = requests.RequestException
    codes = requests.codes

    def post(self, url: str, data: Any = None, json: Any = None, **options: Any) -> requests.Response:
        return self.request("POST", url, data=data, json=json, **options)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        if method.upper() != "POST":
            raise requests.RequestException(f"{method} is not allowed.")
        understood = {
            name: options.get(name) for name in ("params", "data", "json", "headers", "auth", "files")
        }
        prepared = requests.Request(method, url, **understood).prepare()
        line = _current.get()
        line.urls.append(str(prepared.url))
        return line.carry(line, prepared)  # type: ignore[no-any-return]


_ours = _Ours()


def _post(line: _Line, prepared: requests.PreparedRequest) -> requests.Response:
    body = prepared.body or b""
    try:
        answer = outbound.post(
            str(prepared.url), dict(prepared.headers), body.encode() if isinstance(body, str) else body
        )
    except outbound.CannotReach as error:
        line.last_error = str(error)
        raise requests.RequestException from error
    except outbound.AddressRefused as refusal:
        line.last_error = str(ChatAddressRefused(why=refusal.context["why"]))  # the URL in it is a secret
        raise requests.RequestException from refusal
    if not 200 <= answer.status < 300:
        line.last_error = f"It answered {answer.status}."
    return _answered(answer.status, answer.body.encode())


def _swallow(line: _Line, prepared: requests.PreparedRequest) -> requests.Response:
    return _answered(200, b"ok")


def _answered(status: int, content: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, content
    return response
