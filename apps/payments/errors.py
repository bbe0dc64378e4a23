"""What payments refuse. The codes BY001… are the database's own words for the same rules (migration 0002)."""

from __future__ import annotations

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unavailable


class PaymentsRefusal(Refusal):
    """The family of payments."""


class PaymentUnknown(PaymentsRefusal, NotFound):
    message = "There is no payment {payment_id}."


class ProviderUnknown(PaymentsRefusal, Invalid):
    message = "There is no way to pay called {provider!r}: choose one of {providers}."


class ReferenceMissing(PaymentsRefusal, Invalid):
    message = "A payment and a refund each say what they are for."


class AmountNotPositive(PaymentsRefusal, Invalid):
    message = "{amount} is not an amount that can be paid: write one above zero."
    enforced_by = ("payments_payment_is_positive", "payments_refund_is_positive")


class PaymentDiffers(PaymentsRefusal, Conflict):
    message = "There is already a payment for {reference}, of another amount or in another way."
    enforced_by = ("payments_one_open_for_reference",)


class PaymentIsConfirmed(PaymentsRefusal, Conflict):
    message = "Payment {payment} is confirmed already."


class PaymentNotConfirmed(PaymentsRefusal, Conflict):
    message = "Payment {payment} is {state}: only what was paid can be given back."
    enforced_by = ("BY003",)


class PaymentHasFailed(PaymentsRefusal, Conflict):
    message = "Payment {payment} has failed: {why}"


class PaymentIsVoid(PaymentsRefusal, Conflict):
    message = "Payment {payment} is void: {why}"


class PaymentIsRefunded(PaymentsRefusal, Conflict):
    message = "Payment {payment} was given back."


class PaymentIsFixed(PaymentsRefusal, Conflict):
    """What the database says when somebody would change what was agreed, or move a payment where it cannot go."""

    message = "Payment {payment} is {state}; this cannot be changed."
    enforced_by = ("BY001",)


class ProviderIdMissing(PaymentsRefusal, Invalid):
    message = "A confirmation says under which number the provider keeps the payment."
    enforced_by = ("payments_confirmed_is_posted",)


class ProviderIdTaken(PaymentsRefusal, Conflict):
    message = "The provider's payment {provider_payment_id} confirms another payment."
    enforced_by = ("payments_provider_id_once",)


class RefundTooLarge(PaymentsRefusal, Conflict):
    message = "{amount} cannot be given back: {refundable} is left of payment {payment}."
    enforced_by = ("payments_refunds_within_payment",)


class RefundDiffers(PaymentsRefusal, Conflict):
    message = "The refund {reference} of payment {payment} is there already, with another amount."
    enforced_by = ("payments_refund_once",)


class RefundUnknown(PaymentsRefusal, NotFound):
    message = "There is no refund {refund_id}."


class RefundIsFixed(PaymentsRefusal, Conflict):
    message = "A refund never changes, except that it is posted and sent, each once."
    enforced_by = ("BY002",)


class ReasonMissing(PaymentsRefusal, Invalid):
    message = "A reason is needed."


class ProviderUnavailable(PaymentsRefusal, Unavailable):
    """Nobody knows whether it was done: it is asked again, with the same key."""

    message = "The provider {provider} did not answer."


class ProviderMismatch(PaymentsRefusal, Forbidden):
    message = "{source} does not speak for the provider of payment {payment_id}."


class AmountMismatch(PaymentsRefusal, Conflict):
    message = "{told} has come for payment {payment_id}, for which {wanted} was asked."
