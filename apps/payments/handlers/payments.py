"""Handlers of the commands of payments and their refunds."""

from __future__ import annotations

from apps.bus import dispatch, handles
from apps.events import publish
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.ledger.models import Entry
from apps.ledger.queries import booked_or_named, credited_account, debited_account
from apps.payments import covering, rules, transfer_rules
from apps.payments.commands import (
    ConfirmPayment,
    FailPayment,
    NoteRefundSent,
    RefundPayment,
    RequestPayment,
    VoidPayment,
)
from apps.payments.errors import ReasonMissing
from apps.payments.events import (
    CreditApplied,
    CreditReceived,
    PaymentConfirmed,
    PaymentFailed,
    PaymentRequested,
    PaymentVoided,
    RefundProcessed,
)
from apps.payments.models import CREDIT, Payment, Refund
from apps.payments.postings import book
from apps.payments.setting_definitions import BANK, CREDIT_ACCOUNT, RECEIVABLE

PAYMENTS_SYSTEM = System("System (payments)")

State = Payment.State


@handles(RequestPayment, emits=(PaymentRequested, PaymentConfirmed, CreditApplied))
def request_payment(command: RequestPayment) -> Payment:
    with together() as validation:
        validation.check(rules.reference_must_be_given, command.reference)
        validation.check(rules.provider_must_be_known, command.provider)
        amount = validation.check(rules.amount_must_be_positive, command.amount, command.currency)
        validation.check(rules.booking_must_be_possible)
    covering.lock_reference(command.reference)
    existing = rules.payment_must_not_differ(command.reference, amount, command.provider, command.token)
    if existing:
        return existing

    payment = Payment.objects.create(
        reference=command.reference,
        amount_minor=amount.minor,
        currency=amount.currency.code,
        provider=command.provider,
        token=command.token,
        requested_at=now(),
    )

    publish(PaymentRequested(payment_id=payment.pk, reference=payment.reference, provider=payment.provider))
    covering.cover_from_reference(payment)
    return payment


@handles(ConfirmPayment, emits=(PaymentConfirmed,))
def confirm_payment(command: ConfirmPayment) -> Payment:
    number = command.provider_payment_id.strip()
    covering.lock_transfer(number)
    payment = rules.payment_must_exist(command.payment_id)
    provider = command.provider or payment.provider
    rules.provider_must_be_known(provider)
    transfer_rules.provider_id_must_be_free(payment, provider, number)
    if (payment.paid_through, payment.provider_payment_id) == (provider, number):
        return payment
    rules.payment_must_not_be_confirmed(payment)
    transfer_rules.transfer_must_be_new_to_other_providers(
        provider, number, payment.amount, payment.reference
    )
    received_on = rules.receipt_must_not_be_in_future(command.received_on)

    is_outstanding = payment.state == State.REQUESTED
    payment.entry = book(
        payment.amount,
        debit=BANK,
        credit=RECEIVABLE,
        memo=f"Payment for {payment.reference}",
        reference=payment.reference,
        source=command.natural_key(),
        occurred_on=received_on,
    )
    payment.state, payment.confirmed_at = State.CONFIRMED, now()
    payment.paid_through, payment.provider_payment_id = provider, number
    payment.save(update_fields=["entry", "state", "confirmed_at", "paid_through", "provider_payment_id"])

    publish(PaymentConfirmed(payment_id=payment.pk, reference=payment.reference, entry_id=payment.entry.pk))
    if not is_outstanding:
        _refund_remaining(payment, f"Received after the payment was no longer outstanding: {payment.why}")
    return payment


@handles(FailPayment, emits=(PaymentFailed,))
def fail_payment(command: FailPayment) -> Payment:
    payment = rules.payment_must_exist(command.payment_id)
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.payment_must_not_be_confirmed, payment)
    if payment.state != State.REQUESTED:
        return payment

    payment.state, payment.why = State.FAILED, command.reason
    payment.save(update_fields=["state", "why"])

    publish(PaymentFailed(payment_id=payment.pk, reference=payment.reference, why=command.reason))
    return payment


@handles(VoidPayment, emits=(PaymentVoided,))
def void_payment(command: VoidPayment) -> Payment:
    payment = rules.payment_must_exist(command.payment_id)
    reason_must_be_given(command.reason, ReasonMissing)

    if payment.refundable.minor:
        _refund_remaining(payment, command.reason)
    if payment.state != State.REQUESTED:
        return payment
    payment.state, payment.why = State.VOID, command.reason
    payment.save(update_fields=["state", "why"])

    publish(PaymentVoided(payment_id=payment.pk, reference=payment.reference))
    return payment


@handles(RefundPayment, emits=(RefundProcessed, CreditReceived))
def refund_payment(command: RefundPayment) -> Refund:
    payment = rules.payment_must_exist(command.payment_id)
    with together() as validation:
        validation.check(rules.reference_must_be_given, command.reference)
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.payment_must_be_confirmed, payment)
        amount = validation.check(rules.refund_must_be_positive, command.amount, payment.currency)
    if existing := rules.refund_must_not_differ(payment, command.reference, amount):
        return existing
    rules.refund_must_be_covered(payment, amount)

    refund = Refund.objects.create(
        payment=payment,
        reference=command.reference,
        amount_minor=amount.minor,
        reason=command.reason,
        requested_at=now(),
    )
    is_from_credits, received = payment.paid_through == CREDIT, _entry_of(payment)
    refund.entry = book(
        amount,
        debit=booked_or_named(credited_account(received), RECEIVABLE),
        credit=CREDIT_ACCOUNT if is_from_credits else booked_or_named(debited_account(received), BANK),
        memo=f"Refund for {payment.reference}",
        reference=payment.reference,
        source=command.natural_key(),
        settles=received,
    )
    refund.state = Refund.State.POSTED
    refund.save(update_fields=["entry", "state"])
    if is_from_credits:
        covering.return_to_account(refund)

    publish(
        RefundProcessed(
            refund_id=refund.pk,
            payment_id=payment.pk,
            reference=payment.reference,
            entry_id=refund.entry.pk,
        )
    )
    return refund


@handles(NoteRefundSent)
def note_refund_sent(command: NoteRefundSent) -> Refund:
    refund = rules.refund_must_exist(command.refund_id)
    if rules.refund_must_not_be_sent_otherwise(refund, command.provider_refund_id):
        return refund

    refund.sent_at, refund.provider_refund_id = now(), command.provider_refund_id
    refund.save(update_fields=["sent_at", "provider_refund_id"])
    return refund


def _entry_of(payment: Payment) -> Entry:
    """Of a confirmed payment."""
    if payment.entry is None:
        raise ValueError(f"{payment} is not posted.")
    return payment.entry


def _refund_remaining(payment: Payment, reason: str) -> None:
    """Refunds the rest of a payment, as the system: the actor of the command needs no permission for it."""
    # unlike any reference that a user would enter
    reference = f"rest after {payment.refunded_minor} of payment {payment.pk}"
    refund = RefundPayment(
        payment_id=payment.pk, amount=payment.refundable.amount, reason=reason, reference=reference
    )
    dispatch(refund, actor=PAYMENTS_SYSTEM)
    payment.refresh_from_db(fields=["refunded_minor"])
