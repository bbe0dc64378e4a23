"""The chat services: the forms of their addresses, and the request for a message.

An address is written in a short form, `slack://…`, or is the webhook link that the service shows, if the link's host
identifies the service.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from . import payloads
from .payloads import Groups, Payload


@dataclass(frozen=True)
class Request:
    """`groups` are the parts of the address."""

    url: str
    headers: Mapping[str, str]
    payload: Payload
    groups: Groups


@dataclass(frozen=True)
class Service:
    """forms    by the pattern of an address, the URL that the pattern's groups complete
    payload  the JSON of a subject and a text
    """

    forms: Mapping[str, str]
    payload: Callable[[str, str, Groups], Payload]

    def request(self, address: str, subject: str, text: str) -> Request | None:
        """None if the address has none of the forms."""
        for pattern, url in self.forms.items():
            if match := re.fullmatch(pattern, address, re.ASCII):
                groups = match.groupdict(default="")
                return Request(
                    url.format(**groups), _headers(groups), self.payload(subject, text, groups), groups
                )
        return None


def _headers(groups: Groups) -> Mapping[str, str]:
    """With the user and password of the address, or with its token."""
    headers = {"Content-Type": "application/json", "User-Agent": "Bursar"}
    user, password = unquote(groups.get("user", "")), unquote(groups.get("password", ""))
    if password:
        headers["Authorization"] = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
    elif user:
        headers["Authorization"] = f"Bearer {user}"
    return headers


_HOST = r"(?P<host>[^/@?#]+)"
_USER = r"(?:(?P<user>[^/@:?#]+)(?::(?P<password>[^/@:?#]+))?@)?"
_PATH = r"(?P<path>/[^?#]*)?"

_SLACK = r"(?P<team>[A-Z0-9]+)/(?P<hook>[A-Z0-9]+)/(?P<secret>[A-Za-z0-9]+)/?"
_SLACK_URL = "https://hooks.slack.com/services/{team}/{hook}/{secret}"

_DISCORD = r"(?P<hook>[0-9]+)/(?P<token>[\w-]+)/?"
_DISCORD_URL = "https://discord.com/api/webhooks/{hook}/{token}?wait=true"
"""Without `wait` Discord reports success before it stores the message."""

_GOOGLE_SPACE, _GOOGLE_KEY, _GOOGLE_TOKEN = r"(?P<space>[\w-]+)", r"(?P<key>[\w-]+)", r"(?P<token>[\w%-]+)"
_GOOGLE_URL = "https://chat.googleapis.com/v1/spaces/{space}/messages?key={key}&token={token}"

_FLOW = r"(?P<flow>[\w-]+)/(?P<signature>[\w-]+)/?"
_FLOW_LINK = (
    r"workflows/(?P<flow>[\w-]+)/triggers/manual/paths/invoke\?(?:[\w.%=-]+&)*sig=(?P<signature>[\w-]+)"
)
_FLOW_URL = (
    "workflows/{flow}/triggers/manual/paths/invoke?sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={signature}"
)
_POWER_PLATFORM = r"(?P<host>[\w.-]+\.api\.powerplatform\.com)(?::443)?"
_POWER_PLATFORM_URL = f"https://{{host}}/powerautomate/automations/direct/{_FLOW_URL}&api-version=1"
_LOGIC_APPS = r"(?P<host>[\w.-]+\.logic\.azure\.com)(?::443)?"
_LOGIC_APPS_URL = f"https://{{host}}/{_FLOW_URL}&api-version=2016-06-01"

_PROJECT = r"(?P<project>[A-Z][A-Z0-9_]*)/(?P<transition>[0-9]+)/?"
"""A Jira project, and the number of the transition by which its workflow closes an issue."""

SERVICES: Mapping[str, Service] = {
    "discord": Service(
        {
            f"discord://{_DISCORD}": _DISCORD_URL,
            rf"https://discord(?:app)?\.com/api/webhooks/{_DISCORD}": _DISCORD_URL,
        },
        payloads.discord,
    ),
    "gchat": Service(
        {
            f"gchat://{_GOOGLE_SPACE}/{_GOOGLE_KEY}/{_GOOGLE_TOKEN}/?": _GOOGLE_URL,
            rf"https://chat\.googleapis\.com/v1/spaces/{_GOOGLE_SPACE}/messages"
            rf"\?key={_GOOGLE_KEY}&token={_GOOGLE_TOKEN}": _GOOGLE_URL,
        },
        payloads.google_chat,
    ),
    "jira": Service(
        {f"jira://{_USER}{_HOST}/{_PROJECT}": "http://{host}/rest/api/2/issue"}, payloads.jira_issue
    ),
    "jiras": Service(
        {f"jiras://{_USER}{_HOST}/{_PROJECT}": "https://{host}/rest/api/2/issue"}, payloads.jira_issue
    ),
    "json": Service({f"json://{_USER}{_HOST}{_PATH}": "http://{host}{path}"}, payloads.plain_json),
    "jsons": Service({f"jsons://{_USER}{_HOST}{_PATH}": "https://{host}{path}"}, payloads.plain_json),
    "mmosts": Service(
        {rf"mmosts://{_HOST}(?P<path>(?:/[\w.-]+)*)/(?P<token>\w+)/?": "https://{host}{path}/hooks/{token}"},
        payloads.mattermost,
    ),
    "ntfys": Service(
        {rf"ntfys://{_USER}{_HOST}/(?P<topic>[\w-]{{1,64}})/?": "https://{host}/"}, payloads.ntfy
    ),
    "slack": Service(
        {
            f"slack://{_SLACK}": _SLACK_URL,
            rf"https://hooks\.slack\.com/services/{_SLACK}": _SLACK_URL,
        },
        payloads.slack,
    ),
    "workflows": Service(
        {
            f"workflows://{_POWER_PLATFORM}/{_FLOW}": _POWER_PLATFORM_URL,
            f"workflows://{_LOGIC_APPS}/{_FLOW}": _LOGIC_APPS_URL,
            f"https://{_POWER_PLATFORM}/powerautomate/automations/direct/{_FLOW_LINK}": _POWER_PLATFORM_URL,
            f"https://{_LOGIC_APPS}/{_FLOW_LINK}": _LOGIC_APPS_URL,
        },
        payloads.teams,
    ),
}
"""By scheme. `settings.NOTICE_SCHEMES` enables them."""

ISSUE_TRACKERS = frozenset({"jira", "jiras"})
"""The services that have an issue for each topic; see issues.py."""
