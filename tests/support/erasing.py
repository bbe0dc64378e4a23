"""An erasure by raw SQL with a forged approval and without a key."""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction

from apps.audit import chain
from apps.audit.models import Erasure
from apps.kernel.clock import now


def erase_by_sql(*, versions: Any = (), **ranges: str) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE audit_record DISABLE TRIGGER audit_record_is_approved")
        erasure = Erasure.objects.using("owner").create(
            **ranges,
            versions=list(versions),
            at=now(),
            head_number=0,
            head_hash=chain.NOTHING_BEFORE,
            key_id="dev",
            signature="0" * 64,
        )
        cursor.execute("SELECT audit_erase(%s)", [erasure.pk])
        cursor.execute("ALTER TABLE audit_record ENABLE TRIGGER audit_record_is_approved")
