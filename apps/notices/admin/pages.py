"""The address of a notice's page, and the declaration of a command's page."""

from __future__ import annotations

from django.urls import reverse
from django.utils.functional import Promise

from apps.console import hooks
from apps.console.admin import CommandPage
from apps.notices.models import Notice


def page_of(notice: Notice) -> str:
    return reverse("admin:notices_notice_change", args=[notice.pk])


def command_page(path: str, name: str, title: str | Promise, view: CommandPage) -> hooks.Page:
    return hooks.Page(
        path=f"notices/{path}", name=name, title=title, permission=view.command.permission, view=view
    )
