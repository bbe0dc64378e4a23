"""Letters: plain text, one to each address, so that nobody sees who else was told."""

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
    from apps.notices.models import Copy

REFUSED_FOR_GOOD = range(500, 600)
"""Of an address. What is said of us may be other the next time, when somebody has mended it."""


class Letters:
    def send(self, copy: Copy) -> None:
        try:
            _letter(copy).send()
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients.get(copy.address) or next(iter(error.recipients.values()))
            raise NotSent(_said(code, said), for_good=code in REFUSED_FOR_GOOD) from error
        except smtplib.SMTPResponseException as error:
            raise NotSent(_said(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(f"The mail server could not be reached: {type(error).__name__}.") from error


def _letter(copy: Copy) -> EmailMessage:
    """It says of itself that a program wrote it, so that no other program answers."""
    notice, tenant = copy.notice, current_tenant()
    kind = hooks.kinds().get(notice.kind)
    body = render_to_string(
        "notices/email.txt",
        {
            "text": notice.text,
            "why": kind.description if kind else "",
            "recipient_tenant": str(tenant or "the platform"),
            "console": f"{settings.PUBLIC_URL}/t/{tenant.slug}/" if tenant else f"{settings.PUBLIC_URL}/",
        },
    )
    headers = {
        "Message-ID": f"<{copy.ref}@{settings.MAIL_DOMAIN}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    return EmailMessage(notice.subject, body, to=[copy.address], headers=headers)


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"The mail server said {code} {text}"[:500].replace("\0", "")
