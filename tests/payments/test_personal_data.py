"""References of credits and refunds contain data of bank statements: an anonymised copy has none of it."""

from __future__ import annotations

import io
from decimal import Decimal
from zipfile import ZipFile

import pytest

from apps.backups.files.backup_file import BackupFile
from apps.backups.files.exporting import export
from apps.backups.files.masking import Masking
from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.payments import queries
from apps.payments.commands import ReceiveTransfer, RefundCredit, RefundPayment
from apps.payments.models import Credit, Payment
from apps.tenancy.models import Tenant
from tests.support.transfer import restored

IBAN, PURPOSE, REASON = "DE89370400440532013000", "Rent of Jane Roe", "Return of Jane Roe"


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
