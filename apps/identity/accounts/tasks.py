"""E-mails that a request starts."""

from __future__ import annotations

from celery import shared_task

from apps.identity.models import User
from apps.kernel.queues.tasks import DefaultTask

from . import mails


@shared_task(base=DefaultTask, name="identity.send_password_link")
def send_password_link(email: str) -> None:
    """Send a link to choose a password, to an active user only. A task, so that the response of the page takes equally
    long for an unknown address."""
    user = User.objects.with_email(email)
    if user is not None and user.is_active:
        mails.send_password_link(user)
