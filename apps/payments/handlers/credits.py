"""Handlers of the commands of money on account."""

from __future__ import annotations

import datetime as dt

from apps.bus import handles
from apps.events import publish
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.money import Money
from apps.kernel.reasons import reason_must_be_given
from apps.ledger.queries import booked_or_named, credited_account, debited_account
from apps.payments import covering, rules, transfer_rules
from apps.payments.commands import ApplyCredit, NoteCreditRefundSent, ReceiveTransfer, RefundCredit
from apps.payments.errors import ReasonMissing
from apps.payments.events import CreditApplied, CreditReceived, CreditRefunded, PaymentConfirmed
from apps.payments.models import CREDIT, Credit, CreditRefund, Payment
from apps.payments.postings import book
from apps.payments.setting_definitions import BANK, CREDIT_ACCOUNT


@handles(ReceiveTransfer, emits=(CreditReceived, CreditApplied, PaymentConfirmed))
def receive_transfer(command: ReceiveTransfer) -> Credit:
    number, received_on, amount = _transfer_must_be_valid(command)
    covering.lock_transfer(number)
    reference = rules.purpose_of(command.payment_id, command.reference)
    covering.lock_reference(reference)
    payment = rules.payment_for(command.payment_id, reference)
    credits = covering.lock_credits(payment) if payment else []
    payer = rules.payer_must_agree(command.payer, reference)
    if existing := transfer_rules.transfer_must_not_differ(
        command.provider, number, amount, reference, payer
    ):
        return existing
    transfer_rules.transfer_must_be_new_to_other_providers(command.provider, number, amount, reference)

    entry = book(
        amount,
        debit=BANK,
        credit=CREDIT_ACCOUNT,
        memo=f"Received on account: {reference or payer.name or number}",
        reference=reference,
        source=f"transfer:{command.provider}:{number}",
        occurred_on=received_on,
    )
    credit = Credit.objects.create(
        payer=payer.key,
        payer_name=payer.name,
        reference=reference,
        amount_minor=amount.minor,
        currency=amount.currency.code,
        provider=command.provider,
        provider_payment_id=number,
        received_at=now(),
        entry=entry,
    )

    publish(
        CreditReceived(credit_id=credit.pk, payer=credit.payer, reference=credit.reference, entry_id=entry.pk)
    )
    if payment and covering.cover(payment, [*credits, credit]):
        credit.refresh_from_db(fields=["used_minor"])
    return credit


def _transfer_must_be_valid(command: ReceiveTransfer) -> tuple[str, dt.date, Money]:
    """Its number, the day of its receipt and its amount."""
    number = command.provider_payment_id.strip()
    with together() as validation:
        validation.check(rules.provider_must_be_known, command.provider)
        validation.check(transfer_rules.provider_id_must_be_present, number)
        received_on = validation.check(rules.receipt_must_not_be_in_future, command.received_on)
        amount = validation.check(
            rules.amount_must_be_positive, command.amount, command.currency, received_on
        )
    return number, received_on, amount


@handles(ApplyCredit, emits=(CreditApplied, PaymentConfirmed))
def apply_credit(command: ApplyCredit) -> Payment:
    payment = rules.payment_must_exist(command.payment_id)
    rules.payment_must_be_outstanding(payment)
    credits = rules.credits_must_cover(payment, command.credit_id)

    covering.confirm_from(payment, credits)
    return payment


@handles(RefundCredit, emits=(CreditRefunded,))
def refund_credit(command: RefundCredit) -> CreditRefund:
    credit = rules.credit_must_exist(command.credit_id)
    with together() as validation:
        validation.check(rules.reference_must_be_given, command.reference)
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        amount = validation.check(rules.refund_must_be_positive, command.amount, credit.currency)
    if existing := rules.credit_refund_must_not_differ(credit, command.reference, amount):
        return existing
    rules.credit_must_cover(credit, amount)

    entry = book(
        amount,
        debit=credited_account(credit.entry).code,
        credit=BANK if credit.provider == CREDIT else booked_or_named(debited_account(credit.entry), BANK),
        memo=f"Refund of money on account: {credit.payer_name or credit.provider_payment_id}",
        reference=credit.reference,
        source=command.natural_key(),
        settles=credit.entry,
    )
    refund = CreditRefund.objects.create(
        credit=credit,
        reference=command.reference,
        amount_minor=amount.minor,
        reason=command.reason,
        entry=entry,
        requested_at=now(),
    )

    publish(CreditRefunded(refund_id=refund.pk, credit_id=credit.pk, entry_id=entry.pk))
    return refund


@handles(NoteCreditRefundSent)
def note_credit_refund_sent(command: NoteCreditRefundSent) -> CreditRefund:
    refund = rules.credit_refund_must_exist(command.refund_id)
    if rules.refund_must_not_be_sent_otherwise(refund, command.provider_refund_id):
        return refund

    refund.sent_at, refund.provider_refund_id = now(), command.provider_refund_id
    refund.save(update_fields=["sent_at", "provider_refund_id"])
    return refund
