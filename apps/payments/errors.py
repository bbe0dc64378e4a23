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
    message = _("The provider's payment {provider_payment_id} already confirms another payment.")
    enforced_by = ("payments_provider_id_once",)


class RefundTooLarge(Conflict):
    message = _(
        "{amount} cannot be refunded: at most {refundable} of payment {payment} is confirmed and not refunded yet."
    )
    enforced_by = ("payments_refunds_within_payment",)


class RefundDiffers(Conflict):
    message = _("The refund {reference} of payment {payment} already exists, with another amount.")
    enforced_by = ("payments_refund_once",)


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


class AmountMismatch(Conflict):
    message = _("{received} was received for payment {payment_id}, but {requested} was requested.")
