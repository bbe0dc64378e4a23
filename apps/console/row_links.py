"""What the page of a row offers beside the row: links to commands and to its history, and sections of other apps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext

from apps.audit.field_versions import has_field_history
from apps.kernel.db import databases
from apps.kernel.tenant import current_tenant

from . import hooks, visibility


@dataclass(frozen=True)
class Link:
    """A button on a row's page that leads to a command."""

    title: str | Promise
    url: str
    icon: str = ""


def _plane() -> hooks.Plane:
    return "tenant" if current_tenant() else "operator"


def sections_of(request: HttpRequest, obj: models.Model) -> Sequence[Mapping[str, Any]]:
    """The context of each section that other apps declare for the page of the row."""
    return [
        {"section": section, **section.context(request, obj)}
        for section in hooks.sections(_plane(), obj._meta.label_lower)
        if visibility.may(request, section)
    ]


def links_of(request: HttpRequest, obj: models.Model) -> Sequence[Link]:
    """Those that other apps declare, then the field history and the audit log."""
    return [*_plugged(request, obj), *_field_history(request, obj), *_audit_log(request, obj)]


def _plugged(request: HttpRequest, obj: models.Model) -> Sequence[Link]:
    return [
        Link(link.title, reverse(f"admin:{link.page}", args=[obj.pk]), link.icon)
        for link in hooks.row_links(_plane(), obj._meta.label_lower)
        if visibility.may(request, link) and link.when(obj)
    ]


def _field_history(request: HttpRequest, obj: models.Model) -> Sequence[Link]:
    if not (has_field_history(type(obj)) and request.user.has_perm("audit.view_record")):
        return ()
    subject = (obj._meta.label_lower, obj.pk)
    return (Link(gettext("Field history"), reverse("admin:field_history", args=subject), "difference"),)


def _audit_log(request: HttpRequest, obj: models.Model) -> Sequence[Link]:
    if not request.user.has_perm("audit.view_record"):
        return ()
    return (
        Link(gettext("Audit log"), audit_log_url(obj._meta.label_lower, databases.number_of(obj)), "history"),
    )


def audit_log_url(label: str, pk: str) -> str:
    return (
        f"{reverse('admin:audit_record_changelist')}?{urlencode({'subject_type': label, 'subject_id': pk})}"
    )
