"""Flags by tenant: what each tenant receives, and which layer decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.palette import page_number
from apps.flags import queries
from apps.flags.models import Flag
from apps.flags.module import VIEW
from apps.flags.store import tenants
from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.db.tenant_transaction import within
from apps.kernel.tenant import HOME, TenantInfo
from apps.tenancy.queries import active_tenants

from .wording import reason_text, value_text

TENANTS_PER_PAGE = 25
FLAGS_PER_PAGE = 6
OF_USERS = ("roles", "rules", "rollout")
"""Parts of a document by which users of one tenant may receive different values."""
Cell = Mapping[str, str]


def matrix_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    term, tenant_term = (request.GET.get(name, "").strip()[:100] for name in ("q", "tenant"))
    keys = [
        key
        for key in Flag.objects.filter(retired_at=None).order_by("key").values_list("key", flat=True)
        if term.lower() in key.lower()
    ]
    named = [tenant for tenant in active_tenants() if tenant_term.lower() in tenant.slug]
    flags_shown = Paginator(keys, FLAGS_PER_PAGE).get_page(page_number(request.GET.get("flags", "1")))
    shown = Paginator(named, TENANTS_PER_PAGE).get_page(page_number(request.GET.get("page", "1")))
    page = {
        "term": term,
        "tenant_term": tenant_term,
        "keys": list(flags_shown),
        "rows": [(tenant, _cells(tenant, list(flags_shown))) for tenant in shown],
        "tenants": shown,
        "flags": flags_shown,
        "query": urlencode({"q": term, "tenant": tenant_term}),
    }
    return TemplateResponse(request, "flags/matrix.html", context | page)


def _cells(tenant: TenantInfo, keys: Sequence[str]) -> Sequence[Cell]:
    with databases.skip_if_unreachable(tenant.database or HOME), within(tenant):
        return [_cell(tenant, key) for key in keys]
    return [{"text": gettext("unknown"), "why": gettext("The database does not respond.")} for _key in keys]


def _cell(tenant: TenantInfo, key: str) -> Cell:
    """Without a user. Where the layers of platform and tenant are open, and others decide by user, it is a part."""
    view = queries.rule_set()
    explanation = queries.explain(key, queries.context_of(None))
    evaluation = explanation.evaluation
    url = f"{reverse('admin:explain_flag')}?{urlencode({'flag': key, 'tenant': tenant.slug})}"
    document = view.document(key) if key in view.keys else {}
    override = tenants.cached.get("all").in_effect(now()).get(key)
    if evaluation.reason == "NARROWED_BY_TENANT" and override and override.enabled:
        return {"text": gettext("depends on the user"), "why": reason_text(evaluation.reason), "url": url}
    if explanation.deciding not in ("global", "tenant") and _varies(document, evaluation.reason):
        return {"text": gettext("depends on the user"), "why": _parts(document), "url": url}
    return {"text": value_text(evaluation.value), "why": reason_text(evaluation.reason), "url": url}


def _varies(document: Mapping[str, Any], reason: str) -> bool:
    rollout = document.get("rollout") or {}
    by_share = rollout.get("unit", "tenant") != "tenant" and 0 < rollout.get("percentage", 100) < 100
    return bool(document.get("roles") or by_share or (document.get("rules") and reason != "RULE_MATCH"))


def _parts(document: Mapping[str, Any]) -> str:
    titles = {"roles": gettext("roles"), "rules": gettext("rules"), "rollout": gettext("rollout")}
    return ", ".join(titles[name] for name in OF_USERS if document.get(name))


hooks.plug(
    "operator",
    hooks.Page(
        path="flags/matrix/",
        name="flag_matrix",
        title=_("Flags by tenant"),
        permission=VIEW,
        view=matrix_page,
        group=_("Feature flags"),
        icon="grid_on",
    ),
)
