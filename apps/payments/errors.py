"""Refusals of payments. The SQLSTATEs BY001… are raised by the database for the same rules (migration 0002)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from apps.kernel.reasons import ReasonRequired


class PaymentUnknown(NotFound):
    message = _("There is no payment {payment_id}.")


class ProviderUnknown(Invalid):
    message = _("There is no payment provider {provider!r}: choose one of {providers}.")


class ReferenceMissing(Invalid):
    message = _("A payment or refund needs a reference.")


class AmountNotPositive(Invalid):
    message = _("{amount} is not a valid amount: it must be above zero.")
    enforced_by = ("payments_payment_is_positive", "payments_refund_is_positive")


class PaymentDiffers(Conflict):
    message = _("There is already a payment for {reference}, with another amount, provider or token.")
    enforced_by = ("payments_one_open_for_reference",)


class PaymentIsConfirmed(Conflict):
    message = _("Payment {payment} is confirmed already.")


class PaymentNotConfirmed(Conflict):
    message = _("Payment {payment} is {state}: only a confirmed payment can be refunded.")
    enforced_by = ("BY003",)


class PaymentHasFailed(Conflict):
    message = _("Payment {payment} has failed: {why}")


class PaymentIsVoid(Conflict):
    message = _("Payment {payment} is void: {why}")


class PaymentIsRefunded(Conflict):
    message = _("Payment {payment} is fully refunded.")


class PaymentIsFixed(Conflict):
    """Raised by the database on a change to the terms of a payment or on an invalid transition."""

    message = _("Payment {payment} is {state}; this cannot be changed.")
    enforced_by = ("BY001",)


class ProviderIdMissing(Invalid):
    message = _("A confirmation needs the provider's payment id.")
    enforced_by = ("payments_confirmed_is_posted",)


class ProviderIdTaken(Conflict):
    message = _("The provider's payment {provider_payment_id} is booked already, as {booked_as}.")
    enforced_by = ("payments_transfer_once",)


class RefundTooLarge(Conflict):
    message = _(
        "{amount} cannot be refunded: at most {refundable} of payment {payment} is confirmed and not refunded yet."
    )
    enforced_by = ("payments_refunds_within_payment",)


class RefundDiffers(Conflict):
    message = _("The refund {reference} of payment {payment} already exists, with another amount.")
    enforced_by = ("payments_refund_once",)


class RefundSentDiffers(Conflict):
    message = _("The {refund} was sent already, as {sent_as} and not as {other}.")


class TransferDiffers(Conflict):
    message = _(
        "The transfer {provider_payment_id} is booked already, as {booked_as} for {booked_for}, not for {other}."
    )


class TransferOfOtherProvider(Conflict):
    message = _(
        "The transfer {provider_payment_id} of the same amount and purpose is booked already, as {booked_as} through"
        " {provider}."
    )


class RefundUnknown(NotFound):
    message = _("There is no refund {refund_id}.")


class RefundIsFixed(Conflict):
    message = _("A refund never changes, except that it is posted once and sent once.")
    enforced_by = ("BY002",)


class ReceivedInFuture(Invalid):
    message = _("The money cannot be received on {day}, which is in the future.")


class PaymentsInFlight(Conflict):
    message = _(
        "Period {period} has outstanding payments: {payments}. Confirm or void them, or mark them as failed, first."
    )


class ReasonMissing(ReasonRequired):
    """For a failed payment, and for a refund."""


class ProviderUnavailable(Unavailable):
    """The outcome is unknown: the call is retried with the same idempotency key."""

    message = _("The provider {provider} did not answer.")


class ProviderMismatch(Forbidden):
    message = _("{source} is not the provider of payment {payment_id}.")


class AmountMissing(Invalid):
    message = _("A transfer has an amount and a currency.")


class ReferenceDiffers(Conflict):
    message = _("Payment {payment} is for {reference}, not for {other}.")


class PayerUnknown(Invalid):
    message = _("There is no customer {payer!r}.")


class PayerDiffers(Conflict):
    message = _("{reference} is of {name}, not of {other}.")


class CreditUnknown(NotFound):
    message = _("There is no credit {credit_id}.")


class CreditIsFixed(Conflict):
    message = _("A credit never changes, except that it is applied and refunded.")
    enforced_by = ("BY004",)


class CreditExceeded(Conflict):
    message = _("{amount} is more than the open {unused} of credit {credit}.")
    enforced_by = ("payments_uses_within_credit",)


class AccountHasOpenCredits(Conflict):
    message = _("Account {account} has open credits, such as credit {credit}: apply or refund them first.")
    enforced_by = ("BY007",)


class PaymentNotOutstanding(Conflict):
    message = _("Payment {payment} is {state}: only an outstanding payment can be paid from credits.")
    enforced_by = ("BY005",)


class CreditsInsufficient(Conflict):
    message = _("{available} of the customer is on account, and payment {payment} is {amount}.")
    enforced_by = ("BY006",)


class CreditOfOtherPayer(Conflict):
    message = _("Credit {credit} is of {name}, and payment {payment} is of {other}.")


class CreditInOtherCurrency(Conflict):
    message = _("Credit {credit} is in {currency}, and payment {payment} is in {other}.")


class CreditRefundUnknown(NotFound):
    message = _("There is no refund {refund_id} of a credit.")


class CreditRefundDiffers(Conflict):
    message = _("The refund {reference} of credit {credit} already exists, with another amount.")
    enforced_by = ("payments_credit_refund_once",)
