"""E-mails: plain text, one per address, so that recipients do not see each other."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from apps.kernel.tenant import current_tenant
from apps.notices import hooks

from .outcome import NotSent

if TYPE_CHECKING:
    from apps.notices.models import NoticeDelivery

PERMANENT_SMTP_CODES = range(500, 600)
"""For a recipient. An error about the sender or the server may be fixed before the next attempt."""


class EmailTransport:
    def send(self, delivery: NoticeDelivery) -> None:
        try:
            _message(delivery).send()
        except smtplib.SMTPRecipientsRefused as error:
            code, text = error.recipients.get(delivery.address) or next(iter(error.recipients.values()))
            raise NotSent(_smtp_reply(code, text), permanent=code in PERMANENT_SMTP_CODES) from error
        except smtplib.SMTPResponseException as error:
            raise NotSent(_smtp_reply(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(f"The mail server could not be reached: {type(error).__name__}.") from error


def _message(delivery: NoticeDelivery) -> EmailMessage:
    """Its headers mark it as written by a program, so that no autoresponder replies."""
    notice, tenant = delivery.notice, current_tenant()
    kind = hooks.kinds().get(notice.kind)
    body = render_to_string(
        "notices/email.txt",
        {
            "text": notice.text,
            "reason": kind.description if kind else "",
            "sender": str(tenant or "the platform"),
            "console": f"{settings.PUBLIC_URL}/t/{tenant.slug}/" if tenant else f"{settings.PUBLIC_URL}/",
        },
    )
    headers = {
        "Message-ID": f"<{delivery.ref}@{settings.MAIL_DOMAIN}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    return EmailMessage(notice.subject, body, to=[delivery.address], headers=headers)


def _smtp_reply(code: int, message: bytes | str) -> str:
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    return f"The mail server answered {code} {text}"[:500].replace("\0", "")
