"""One issue of Jira for all notices of a topic: created, commented on, and closed.

The issue of a topic is recognised by its label, so that a notice that is sent twice makes no second issue. Each request
is a POST: the search of https://developer.atlassian.com/cloud/jira/platform/rest/v2/api-group-issue-search/ and, in the
group of issues, their creation, comments and transitions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from apps.kernel.tenant import current_tenant

from .outcome import NotSent
from .payloads import Payload
from .services import Request

if TYPE_CHECKING:
    from apps.notices.models import Notice

Post = Callable[[str, Mapping[str, str], Payload], str]
"""Returns the body of the response, or raises NotSent."""


def send(request: Request, notice: Notice, post: Post) -> None:
    """`request` creates an issue; it is sent if the topic has none."""
    label = label_of(notice)
    key = _existing(request, label, post)
    if key is None:
        fields: Any = request.payload["fields"]
        key = _created(request, {"fields": {**fields, "labels": [label]}}, post)
    else:
        comment = {"body": f"{notice.subject}\n\n{notice.text}"}
        post(f"{request.url}/{key}/comment", request.headers, comment)
    if notice.closes_topic:
        transition = {"transition": {"id": request.groups["transition"]}}
        post(f"{request.url}/{key}/transitions", request.headers, transition)


def label_of(notice: Notice) -> str:
    """A label has no spaces. A notice without a topic has an issue of its own."""
    tenant = current_tenant()
    topic = notice.topic or f"notice-{notice.pk}"
    return f"bursar-{tenant.slug if tenant else 'platform'}-{re.sub(r'[^A-Za-z0-9._-]', '-', topic)}"


def _existing(request: Request, label: str, post: Post) -> str | None:
    jql = f'project = "{request.groups["project"]}" AND labels = "{label}" ORDER BY created ASC'
    search = {"jql": jql, "maxResults": 1, "fields": ["status"]}
    issues = _read(post(request.url.removesuffix("/issue") + "/search/jql", request.headers, search)).get(
        "issues"
    )
    return _key(issues[0]) if isinstance(issues, list) and issues else None


def _created(request: Request, payload: Payload, post: Post) -> str:
    return _key(_read(post(request.url, request.headers, payload)))


def _key(issue: Any) -> str:
    key = issue.get("key") if isinstance(issue, dict) else None
    if not isinstance(key, str) or not re.fullmatch(r"[A-Z][A-Z0-9_]*-[0-9]+", key):
        raise NotSent("Its response names no issue.")
    return key


def _read(body: str) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError as error:
        raise NotSent("Its response is no JSON.") from error
    return read if isinstance(read, dict) else {}
