"""What backups plugs in: the instant of the last backup, for the list of tenants."""

from django.db.models import OuterRef, Subquery

from apps.tenancy.hooks import backed_up_at

from .models import Backup


@backed_up_at
def last_backup() -> Subquery:
    backups = Backup.objects.done().filter(tenant=OuterRef("pk")).order_by("-begun_at")
    return Subquery(backups.values("begun_at")[:1])
