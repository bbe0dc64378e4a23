"""What is searched in payments and credits. The app above has the customers that pay (hooks)."""

from __future__ import annotations

from django.db.models import Q

from apps.kernel.search import Request, Search, amounts, numbered

from . import hooks


def _of_payer(request: Request) -> Q | None:
    return hooks.of_matching_payers(request, lambda matching: Q(reference__in=matching.references))


def _credit_of_payer(request: Request) -> Q | None:
    return hooks.of_matching_payers(
        request, lambda matching: Q(reference__in=matching.references) | Q(payer__in=matching.keys)
    )


PAYMENTS = Search(
    numbers=numbered("P"),
    texts=("reference", "provider_payment_id"),
    branches=(amounts("amount_minor"), _of_payer),
)
CREDITS = Search(
    numbers=numbered("C"),
    texts=("payer_name", "reference", "provider_payment_id"),
    branches=(amounts("amount_minor"), _credit_of_payer),
)
