"""E-mails about accounts: plain text, with the name of the tenant."""

from __future__ import annotations

from typing import Any

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext

from apps.identity.models import User
from apps.kernel.tenant import current_tenant

from . import addresses, password_links
from .links import console_link

HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
"""No autoresponder replies to a program."""


def send_password_link(user: User) -> None:
    """The link is signed here, so it is stored nowhere."""
    link = password_links.link_for(user)
    subject = gettext("Choose a new password for {organisation}").format(organisation=organisation())
    send(subject, "identity/emails/password_link.txt", to=user.email, user=user, link=link)


def send_address_link(user: User) -> None:
    """To the requested address."""
    link = console_link("account_confirm_address", token=addresses.token_of(user))
    subject = gettext("Confirm your e-mail address for {organisation}").format(organisation=organisation())
    send(subject, "identity/emails/address_link.txt", to=user.new_email, user=user, link=link)


def notify_of_address_change(user: User) -> None:
    """To the present address, whose owner can still stop the change."""
    subject = gettext("A change of your e-mail address for {organisation}").format(
        organisation=organisation()
    )
    link = console_link("account_reset_password")
    send(subject, "identity/emails/address_requested.txt", to=user.email, user=user, link=link)


def notify_former_address(user: User, former_email: str) -> None:
    subject = gettext("Your e-mail address for {organisation} has changed").format(
        organisation=organisation()
    )
    send(subject, "identity/emails/address_changed.txt", to=former_email, user=user)


def organisation() -> str:
    tenant = current_tenant()
    return f"{tenant.name} (Bursar)" if tenant else gettext("the Bursar platform")


def send(subject: str, template: str, *, to: str, **context: Any) -> None:
    body = render_to_string(template, {"organisation": organisation(), **context})
    EmailMessage(" ".join(subject.split()), body, to=[to], headers=HEADERS).send()
