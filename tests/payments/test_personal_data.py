"""References of credits and refunds contain data of bank statements: an anonymised copy has none of it."""

from __future__ import annotations

import io
from decimal import Decimal
from zipfile import ZipFile

import pytest
from django.db import connection

from apps.backups.files.backup_file import BackupFile
from apps.backups.files.exporting import export
from apps.backups.files.masking import MaskedSchema, Masking
from apps.backups.schemas import catalogue
from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.payments import queries
from apps.payments.commands import ReceiveTransfer, RefundCredit, RefundPayment
from apps.payments.models import Credit, Payment
from apps.tenancy.models import Tenant
from tests.support.transfer import restored

IBAN, PURPOSE, REASON = "DE89370400440532013000", "Rent of Jane Roe", "Return of Jane Roe"


TELEPHONE, CUSTOMER = "tel:491701234567", "anna_mueller:4711"
IBAN_AS_KIND = f"iban:{IBAN.lower()}:rent"


@pytest.fixture
def anonymous(acme, paid, controller):
    """The rows of a table as an anonymised export has them, with the values of one column."""
    references = ("order:12", "customer:3", TELEPHONE, CUSTOMER, IBAN_AS_KIND)
    for number, reference in enumerate(references):
        dispatch(
            ReceiveTransfer(
                amount=Decimal(5), currency="USD", provider_payment_id=f"order:{number}", reference=reference
            ),
            actor=controller,
        )
    for reference in ("order:12", TELEPHONE, REASON):
        dispatch(
            RefundPayment(payment_id=paid.pk, amount=Decimal(1), reason="Returned", reference=reference),
            actor=controller,
        )

    with connection.cursor() as cursor:
        schema = MaskedSchema(acme.schema, catalogue.tables(cursor, acme.schema), Masking.ANONYMOUS)

        def values(name, column):
            (table,) = [table for table in schema.tables if table.name == name]
            names = [shown.name for shown in table.columns]
            cursor.execute(schema.rows(table))
            return sorted(row[names.index(column)] for row in cursor.fetchall())

        yield values


def test_only_references_to_known_kinds_of_record_remain_in_an_anonymised_copy(anonymous):
    references = anonymous("payments_credit", "reference")

    assert [text for text in references if not text.startswith("(text ")] == ["customer:3", "order:12"]
    assert len(set(references)) == 5


def test_sources_of_entries_remain_equal_to_what_they_are_made_of(anonymous, paid):
    refunds, numbers = anonymous("payments_refund", "reference"), anonymous("payments_transfer", "number")
    sources = anonymous("ledger_entry", "source")

    assert "order:12" in refunds
    assert {f"refund_ledger:{paid.pk}:{reference}" for reference in refunds} == {
        source for source in sources if source.startswith("refund_ledger:")
    }
    received = {source for source in sources if source.startswith("transfer:")}
    assert received <= {f"transfer:manual:{number}" for number in numbers}
    assert all(":(text " in source for source in received)


@pytest.fixture
def statements(acme, paid, controller):
    """A payment with a refund, and a credit with a refund, whose references are texts of a bank statement."""
    credit = dispatch(
        ReceiveTransfer(
            amount=Decimal(60), currency="USD", provider_payment_id=f"{IBAN}/7", reference=PURPOSE
        ),
        actor=controller,
    )
    reason = "Paid twice"
    dispatch(
        RefundCredit(credit_id=credit.pk, amount=Decimal(10), reason=reason, reference=REASON),
        actor=controller,
    )
    dispatch(
        RefundPayment(payment_id=paid.pk, amount=Decimal(10), reason=reason, reference=REASON),
        actor=controller,
    )
    return acme


@pytest.mark.exhaustive("exports and restores a tenant")
@pytest.mark.physical_copy
def test_an_anonymised_copy_has_no_references_of_bank_statements(statements):
    with activate(None):
        export(statements, to := io.BytesIO(), masking=Masking.ANONYMOUS)
    with ZipFile(to) as parts:
        content = b"".join(parts.read(name) for name in parts.namelist())
    for text in (IBAN, PURPOSE, REASON):
        assert text.encode() not in content

    copy = restored(BackupFile(to), sandbox_of=Tenant.objects.get(pk=statements.id))

    with activate(None), activate(copy.info):
        assert Payment.objects.get().reference == "order:1"  # identifies a record
        assert Credit.objects.get().reference.startswith("(text ")
        assert Entry.objects.filter(source__startswith="transfer:manual:(text ").exists()
        assert queries.reconcile() == []
