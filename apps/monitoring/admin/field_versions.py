"""The versions of a row of master data, with the fields that each version changed, in both consoles."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit import access_log, field_versions
from apps.console import hooks
from apps.kernel.actors import Actor


def page(
    request: HttpRequest, *, context: dict[str, Any], subject_type: str, subject_id: str
) -> HttpResponseBase:
    versions = field_versions.versions_of_object(subject_type, subject_id)
    access_log.record_read(
        cast(Actor, request.user), {"thing": f"{subject_type}:{subject_id}"}, view="history"
    )
    name = subject_type.rpartition(".")[2].replace("_", " ")
    page = {
        "lead": gettext("Versions of {name} {number}, newest first.").format(name=name, number=subject_id),
        "versions": versions,
        "is_cut": len(versions) == field_versions.MAX_VERSIONS,
    }
    return TemplateResponse(request, "monitoring/field_versions.html", context | page)


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.Page(
            path="audit/versions/<str:subject_type>/<str:subject_id>/",
            name="field_history",
            title=_("Field history"),
            permission="audit.view_record",
            view=page,
        ),
    )
