"""The JSON that each chat service accepts, for a subject and a text. Each function names the documentation."""

from __future__ import annotations

from collections.abc import Mapping

Payload = Mapping[str, object]
Groups = Mapping[str, str]
"""The parts of the address, by name."""

DISCORD_EMBED_CHARACTERS = 4096
NTFY_MESSAGE_BYTES = 4096
"""The default limit of an ntfy server, which turns a longer message into a file."""


def slack(subject: str, text: str, groups: Groups) -> Payload:
    """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""
    return {"text": f"*{_slack_escaped(subject)}*\n{_slack_escaped(text)}"}


def _slack_escaped(text: str) -> str:
    """Without Slack's three control characters: `<!channel>` would notify every member."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def discord(subject: str, text: str, groups: Groups) -> Payload:
    """https://discord.com/developers/docs/resources/webhook#execute-webhook. All embeds together have at most 6,000
    characters."""
    starts = range(0, len(text), DISCORD_EMBED_CHARACTERS)
    first, *more = [text[start : start + DISCORD_EMBED_CHARACTERS] for start in starts]
    embeds = [{"title": subject, "description": first}, *({"description": part} for part in more)]
    return {"embeds": embeds, "allowed_mentions": {"parse": []}}


def google_chat(subject: str, text: str, groups: Groups) -> Payload:
    """https://developers.google.com/workspace/chat/quickstart/webhooks"""
    return {"text": f"*{subject}*\n{text}"}


def mattermost(subject: str, text: str, groups: Groups) -> Payload:
    """https://developers.mattermost.com/integrate/webhooks/incoming/"""
    return {"text": f"**{subject}**\n{text}"}


def ntfy(subject: str, text: str, groups: Groups) -> Payload:
    """https://docs.ntfy.sh/publish/#publish-as-json"""
    message = text.encode()
    if len(message) > NTFY_MESSAGE_BYTES:
        text = message[: NTFY_MESSAGE_BYTES - len("…".encode())].decode(errors="ignore") + "…"
    return {"topic": groups["topic"], "title": subject, "message": text}


def teams(subject: str, text: str, groups: Groups) -> Payload:
    """An Adaptive Card, the only format of Microsoft's workflows:
    https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using"""
    title = {"type": "TextBlock", "text": subject, "weight": "Bolder", "size": "Large", "wrap": True}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [title, {"type": "TextBlock", "text": text, "wrap": True}],
        "msteams": {"width": "full"},
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def jira_issue(subject: str, text: str, groups: Groups) -> Payload:
    """https://developer.atlassian.com/cloud/jira/platform/rest/v2/api-group-issues/#api-rest-api-2-issue-post"""
    fields = {"project": {"key": groups["project"]}, "issuetype": {"name": "Task"}}
    return {"fields": {**fields, "summary": subject, "description": text}}


def plain_json(subject: str, text: str, groups: Groups) -> Payload:
    """For receivers without a format of their own: the fields of https://appriseit.com/services/json/"""
    return {"version": "1.0", "title": subject, "message": text, "attachments": [], "type": "info"}
