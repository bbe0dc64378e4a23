"""Customers, and the accounts that sales post to."""

from __future__ import annotations

from apps.bus import dispatch, handles
from apps.kernel.errors import together
from apps.ledger.commands import OpenAccount
from apps.ledger.models import Account
from apps.payments import queries as payments
from apps.sales import queries, rules
from apps.sales.commands import AddCustomer, SetUpSales
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


@handles(SetUpSales)
def set_up_sales(command: SetUpSales) -> None:
    existing = set(Account.objects.values_list("code", flat=True))
    for code, name, type in ACCOUNTS:
        if code() not in existing:
            dispatch(OpenAccount(code=code(), name=name, type=type))
    rules.accounts_must_take_postings()
