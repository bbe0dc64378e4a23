"""The section *Attachments* on the page of an object."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.attachments import queries
from apps.attachments.commands import ATTACH, REMOVE, VIEW
from apps.attachments.hooks import subject_types
from apps.console import hooks

from .commands import ACCEPTED


def section(request: HttpRequest, row: Model) -> dict[str, Any]:
    subject_type = row._meta.label_lower
    return {
        "attachments": queries.attachments_of(subject_type, row.pk),
        "subject_type": subject_type,
        "subject_id": row.pk,
        "may_attach": request.user.has_perm(ATTACH),
        "may_remove": request.user.has_perm(REMOVE),
        "accepted": ACCEPTED,
        "key": uuid4().hex,
    }


for _type in subject_types():
    hooks.plug(
        "tenant",
        hooks.Section(
            model=_type,
            title=_("Attachments"),
            permission=VIEW,
            template="attachments/section.html",
            context=section,
        ),
    )
