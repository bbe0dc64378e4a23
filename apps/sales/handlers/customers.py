"""Customers, and the accounts that sales post to."""

from __future__ import annotations

from apps.bus import dispatch, handles
from apps.bus.edits import changes_in, edits_columns
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.ledger.commands import OpenAccount
from apps.ledger.models import Account
from apps.payments import queries as payments
from apps.sales import queries, rules
from apps.sales.commands import (
    AddCustomer,
    ChangeCustomer,
    DeactivateCustomer,
    ReactivateCustomer,
    SetUpSales,
)
from apps.sales.errors import ReasonMissing
from apps.sales.models import Customer

ACCOUNTS = (
    (payments.bank_account, "Bank", Account.Type.ASSET),
    (payments.receivable_account, "Receivables", Account.Type.ASSET),
    (payments.credit_account, "Customer credits", Account.Type.LIABILITY),
    (queries.revenue_account, "Product sales", Account.Type.INCOME),
    (queries.refunds_account, "Sales refunded", Account.Type.INCOME),
)


@handles(AddCustomer)
def add_customer(command: AddCustomer) -> Customer:
    with together() as validation:
        validation.check(rules.customer_must_be_new, command.code, command.name)
        validation.check(rules.email_must_be_well_formed, command.email)

    return Customer.objects.create(
        code=command.code, name=command.name, email=command.email, address=command.address
    )


@handles(ChangeCustomer, edits=edits_columns(Customer, "customer_id", "name", "email", "address"))
def change_customer(command: ChangeCustomer) -> Customer:
    customer = rules.customer_must_exist_for_change(command.customer_id)
    changed = changes_in(command, "name", "email", "address")
    with together() as validation:
        validation.check(rules.customer_must_be_named, changed.get("name", customer.name))
        validation.check(rules.email_must_be_well_formed, changed.get("email", ""))

    customer.change(**changed)
    return customer


@handles(DeactivateCustomer)
def deactivate_customer(command: DeactivateCustomer) -> Customer:
    customer = rules.customer_must_exist_for_change(command.customer_id)
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.customer_must_be_active, customer)

    customer.change(is_active=False)
    return customer


@handles(ReactivateCustomer)
def reactivate_customer(command: ReactivateCustomer) -> Customer:
    customer = rules.customer_must_exist_for_change(command.customer_id)
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.customer_must_be_inactive, customer)

    customer.change(is_active=True)
    return customer


@handles(SetUpSales)
def set_up_sales(command: SetUpSales) -> None:
    existing = set(Account.objects.values_list("code", flat=True))
    for code, name, type in ACCOUNTS:
        if code() not in existing:
            dispatch(OpenAccount(code=code(), name=name, type=type))
    rules.accounts_must_take_postings()
