"""The filter of a list by customer."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter

from apps.sales.models import Invoice, Order


class OfCustomer(TextFilter):
    """Rows of the customer with this code; all rows for a user who may not view customers."""

    title = _("customer code")
    parameter_name = "customer_code"
    paths: ClassVar[dict[type, str]] = {Order: "customer__code", Invoice: "order__customer__code"}

    def lookups(self, request: HttpRequest, model_admin: object) -> tuple[()]:
        return ()

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Order | Invoice]
    ) -> QuerySet[Order | Invoice]:
        code = (self.value() or "").strip()
        if not code or not request.user.has_perm("sales.view_customer"):
            return queryset
        return queryset.filter(Q(**{f"{self.paths[queryset.model]}__iexact": code}))
