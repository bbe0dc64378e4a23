"""Validation of transfers: money that a provider reports is booked once."""

from __future__ import annotations

from collections.abc import Sequence

from apps.kernel.money import Money
from apps.kernel.text import is_visible

from .errors import ProviderIdMissing, ProviderIdTaken, TransferDiffers, TransferOfOtherProvider
from .hooks import Payer
from .models import Credit, Payment, Transfer
from .providers import PROVIDERS


def provider_id_must_be_present(provider_payment_id: str) -> None:
    if not is_visible(provider_payment_id):
        raise ProviderIdMissing


def provider_id_must_be_free(payment: Payment, provider: str, provider_payment_id: str) -> None:
    """The transfer is not booked yet, or it confirms this payment."""
    provider_id_must_be_present(provider_payment_id)
    booked = Transfer.objects.filter(provider=provider, number=provider_payment_id).first()
    if booked and booked.payment_id != payment.pk:
        raise ProviderIdTaken(provider_payment_id=provider_payment_id, booked_as=booked.booked_as)


def transfer_must_not_differ(
    provider: str, number: str, amount: Money, reference: str, payer: Payer
) -> Credit | None:
    """The credit of the transfer, if it is booked: of the same amount, and not as a payment; for the same purpose and
    customer, where they are reported again."""
    booked = (
        Transfer.objects.filter(provider=provider, number=number).select_related("credit", "payment").first()
    )
    if booked and (booked.credit is None or booked.credit.amount != amount):
        raise ProviderIdTaken(provider_payment_id=number, booked_as=booked.booked_as)
    if booked is None or booked.credit is None:
        return None
    credit = booked.credit
    for reported, known, name in (
        (reference, credit.reference, reference),
        (payer.key, credit.payer, payer.name),
    ):
        if reported not in ("", known):
            booked_for = credit.reference or credit.payer_name or "-"
            raise TransferDiffers(
                provider_payment_id=number, booked_as=credit, booked_for=booked_for, other=name or reported
            )
    return credit


def booked_transfers(number: str, amount: Money, reference: str) -> Sequence[Transfer]:
    """The transfers with this number, of any provider, that are booked with the same amount for the same purpose: they
    are one transfer."""
    with_number = Transfer.objects.filter(provider__in=PROVIDERS, number=number)
    return [
        transfer
        for transfer in with_number.select_related("payment", "credit")
        if (transfer.booked_as.amount, transfer.booked_as.reference) == (amount, reference)
    ]


def transfer_must_be_new_to_other_providers(
    provider: str, number: str, amount: Money, reference: str
) -> None:
    """A charge of a card that was entered as a bank transfer is not booked again, and the other way round."""
    if not reference:
        return
    for transfer in booked_transfers(number, amount, reference):
        if transfer.provider != provider:
            raise TransferOfOtherProvider(
                provider_payment_id=number, booked_as=transfer.booked_as, provider=transfer.provider
            )
