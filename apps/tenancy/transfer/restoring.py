"""From a schema to a tenant: a new one, or the same as it was.

Everything is loaded and verified beside what is there, under another name. What is switched at the end is a name, in
one transaction: whoever is killed before has changed nothing, and whoever is killed after it is done by asking again.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connections, transaction
from django.utils.dateparse import parse_date, parse_datetime
from psycopg import sql

from apps.audit import queries as audit
from apps.audit.anchors import FOLDER as HEADS
from apps.kernel import databases
from apps.kernel.clock import now
from apps.kernel.files import files
from apps.kernel.locks import Lock, LockKey
from apps.kernel.progress import stage
from apps.kernel.tenant import TenantInfo, activate
from apps.kernel.transactions import advisory_lock, unit_of_work
from apps.tenancy import directory, provisioning, rules
from apps.tenancy.databases import lodgers
from apps.tenancy.errors import SlugTaken
from apps.tenancy.hooks import goes_along
from apps.tenancy.models import Domain, Tenant, TenantActivity

from . import importing, outbox, verifying
from .backup_file import BackupFile
from .errors import BackupOfAnotherTenant, NotWhatWasExported, TransferBusy

TRANSFER = Lock("transfer:{tenant}")
KEPT_DAYS = 7
"""For which the schema stays that another one has taken the place of."""
BEING_RESTORED = "It is being restored."
NOBODY = "nobody@sandbox.invalid"
_ASIDE = re.compile(r"\A(?:before|moved)_\d+_(\d{20})\Z")


def as_new(
    archive: BackupFile, *, slug: str, name: str = "", at: str, sandbox_of: Tenant | None = None
) -> Tenant:
    """A tenant beside the others. It gets the id that it had where nobody has it now and the slug is the same. Beside
    its source it can only be read, so that nothing is told or charged twice, until somebody lets it work."""
    rules.slug_must_be_well_formed(slug)
    rules.slug_must_be_free(slug)
    rules.database_must_be_known(at)
    tenant = _reserved(archive.manifest, slug, name, at, sandbox_of)
    with only_here(tenant.info), _given_up_on_failure(tenant):
        made = load_and_verify(archive, tenant.pk, at)
        with importing.as_owner(at) as cursor, transaction.atomic(using=databases.at("owner", at)):
            importing.drop(cursor, tenant.schema_name)  # of a try that was killed behind this line
            importing.rename(cursor, made.schema, tenant.schema_name)
        tenant.role_name = made.role
        importing.load_files(archive, tenant.info)
        catch_up(tenant, archive.manifest["fingerprint"])
        if tenant.pk == archive.manifest["tenant"]["id"]:
            outbox.insert(archive.read("events.jsonl"), at)
        _open(tenant, archive.manifest)
    return tenant


def in_place(archive: BackupFile, tenant: Tenant) -> Tenant:
    """The tenant as it was; the schema that it had is kept beside for some days. What was written since is lost.
    Raises OfAnotherTenant."""
    of = archive.manifest["tenant"]
    if (of["id"], parse_datetime(of["created_at"])) != (tenant.pk, tenant.created_at):
        raise BackupOfAnotherTenant(of=of["name"], name=tenant.name)
    with only_here(tenant.info):
        made = load_and_verify(archive, tenant.pk, tenant.database)
        put_in_place(tenant, made)
        outbox.remove(tenant.pk, tenant.database)
        outbox.insert(archive.read("events.jsonl"), tenant.database, anew=True)
        _set_later_heads_aside(tenant.info)
        importing.load_files(archive, tenant.info)
        catch_up(tenant, archive.manifest["fingerprint"])
    return tenant


def load_and_verify(archive: BackupFile, number: int, at: str) -> TenantInfo:
    """What was loaded, when it is the same as what was exported. Raises NotWhatWasExported, and leaves nothing then."""
    made = importing.load(archive, number=number, at=at)
    stage("verify")
    if faults := verifying.faults(archive.manifest, made):
        importing.drop_schema(made.schema, at)
        raise NotWhatWasExported(faults="; ".join(faults))
    return made


@contextmanager
def only_here(tenant: TenantInfo) -> Iterator[None]:
    """Nobody else exports to, restores or moves this tenant. Raises TransferBusy."""
    with activate(None), advisory_lock(lock_of(tenant.id)) as is_acquired:
        if not is_acquired:
            raise TransferBusy(name=tenant.name)
        yield


def lock_of(number: int | str) -> LockKey:
    return TRANSFER.key(tenant=number)


def put_in_place(tenant: Tenant, made: TenantInfo) -> None:
    """In the same database: the new schema takes the name of the old one, which goes aside."""
    at = tenant.database
    with importing.as_owner(at) as cursor, transaction.atomic(using=databases.at("owner", at)):
        set_aside(cursor, tenant, "before")
        importing.rename(cursor, made.schema, tenant.schema_name)
    tenant.role_name = made.role
    tenant.epoch += 1
    tenant.save(update_fields=["role_name", "epoch"])
    directory.changed()


def set_aside(cursor: Any, tenant: Tenant, why: str) -> None:
    """Nobody may use it any more, not even who waits for one of its tables; `sweep` drops it when its days are over."""
    name = f"{why}_{tenant.pk}_{now():%Y%m%d%H%M%S%f}"
    importing.rename(cursor, tenant.schema_name, name)
    cursor.execute(
        "SELECT rolname FROM pg_namespace, aclexplode(nspacl) JOIN pg_roles ON pg_roles.oid = grantee"
        " WHERE nspname = %s AND grantee <> nspowner",
        [name],
    )
    schema = sql.Identifier(name)
    for (role,) in cursor.fetchall():
        cursor.execute(sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(schema, sql.Identifier(role)))
    cursor.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM bursar_tables").format(schema))


def sweep(at: str, *, by: str = "owner") -> list[str]:
    """Drop what was set aside long enough ago, and what a killed restoring left behind, of what is that role's. Returns
    the names."""
    with importing.acting(by, at) as cursor:
        cursor.execute(
            "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^(before|moved|restoring)_'"
            " AND pg_has_role(nspowner, 'USAGE')"
        )
        found = [name for (name,) in cursor.fetchall()]
    gone = [name for name in found if _is_old(name) or _is_left(name)]
    for name in gone:
        importing.drop_schema(name, at, by=by)
    return gone


def catch_up(tenant: Tenant, fingerprint: str) -> None:
    """An archive of last month has last month's migrations."""
    with activate(None), connections[databases.at("default", tenant.database)].cursor() as cursor:
        cursor.execute("SELECT fingerprint FROM tenancy_blueprint")
        (present,) = cursor.fetchone()
    if fingerprint != present:
        provisioning.migrate_tenant(tenant.info, lambda _: None)
    tenant.fingerprint = present
    tenant.save(update_fields=["fingerprint"])
    directory.changed()


def _reserved(manifest: dict[str, Any], slug: str, name: str, at: str, sandbox_of: Tenant | None) -> Tenant:
    """Its row, pending. One that an earlier try left is gone on with. Raises SlugTaken."""
    was = manifest["tenant"]
    pending = Tenant.objects.filter(slug=slug).first()
    if pending and pending.state_reason != BEING_RESTORED:  # somebody is being onboarded under this name
        raise SlugTaken(slug=slug)
    same = sandbox_of is None and slug == was["slug"]
    with unit_of_work():
        tenant = pending or Tenant(
            id=was["id"] if same and not Tenant.objects.filter(pk=was["id"]).exists() else next_number(),
            slug=slug,
            epoch=was["epoch"] + 1,
            state_reason=BEING_RESTORED,
            created_at=now(),
        )
        if tenant.pk == was["id"]:
            tenant.created_at = parse_datetime(was["created_at"]) or now()
        tenant.name = name or was["name"]
        tenant.owner_email = was["owner_email"] if sandbox_of is None else NOBODY
        tenant.schema_name = f"{settings.TENANT_SCHEMA_PREFIX}{tenant.pk}"
        tenant.database, tenant.region = at, was["region"]
        tenant.sandbox_of = sandbox_of
        tenant.save()
    return tenant


def scratch(number: int) -> TenantInfo:
    """Nobody's: for what is made to be dropped again."""
    return TenantInfo(id=number, slug="", name="A drill", schema="", state="pending")


def next_number() -> int:
    """Home counts, for all databases."""
    with connections[databases.at("default", "home")].cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('tenancy_tenant', 'id'))")
        return int(cursor.fetchone()[0])


@contextmanager
def _given_up_on_failure(tenant: Tenant) -> Iterator[None]:
    """What fails leaves no row behind; what is killed leaves one that the next try goes on with."""
    try:
        yield
    except Exception:
        with importing.as_owner(tenant.database) as cursor:
            importing.drop(cursor, tenant.schema_name)
        Tenant.objects.filter(pk=tenant.pk, state=Tenant.State.PENDING).delete()
        raise


def _open(tenant: Tenant, manifest: dict[str, Any]) -> None:
    """It is what it was; one that was being closed comes back closed."""
    was = manifest["tenant"]
    fresh = tenant.sandbox_of_id or was["id"] != tenant.pk
    with unit_of_work():
        tenant.state = Tenant.State.ACTIVE if fresh else _after(was["state"])
        tenant.state_reason = f"Restored from the archive of {manifest['made_at']}."
        tenant.state_since = now()
        if not tenant.sandbox_of_id and fresh and Tenant.objects.filter(pk=was["id"]).exists():
            tenant.mode = Tenant.Mode.READ_ONLY
        if not fresh and was["trial_ends_on"]:
            tenant.trial_ends_on = parse_date(was["trial_ends_on"])
        tenant.save()
        names = [] if fresh else [name for name, _ in manifest["domains"]]
        for domain in [f"{tenant.slug}.{settings.BASE_DOMAIN}", *names]:
            is_primary = domain == f"{tenant.slug}.{settings.BASE_DOMAIN}"
            Domain.objects.get_or_create(domain=domain, defaults={"tenant": tenant, "is_primary": is_primary})
        TenantActivity.objects.get_or_create(tenant=tenant)
        lodgers.note(tenant)
    directory.changed()
    for name, each in goes_along().items():
        if name in manifest["along"]:
            each.give(tenant.pk, manifest["along"][name])


def _after(state: str) -> Tenant.State:
    """Whoever was queued for deletion is queued anew, or not at all."""
    return Tenant.State.ARCHIVED if state == Tenant.State.DELETING else Tenant.State(state)


def _set_later_heads_aside(tenant: TenantInfo) -> None:
    """The witness of the audit log has seen what is lost now. What it saw is kept, in another folder."""
    with activate(tenant):
        head = audit.head()
        _, names = files().listdir(HEADS)
        for name in [f"{HEADS}/{name}" for name in names]:
            if importing.is_head_after(name, head.number if head else 0):
                with files().open(name) as content:
                    files().save(
                        name.replace(HEADS, f"{HEADS}-lost-{now():%Y%m%d%H%M%S}"), ContentFile(content.read())
                    )
                files().delete(name)


def _is_old(name: str) -> bool:
    stamp = _ASIDE.match(name)
    if stamp is None:
        return False
    at = dt.datetime.strptime(stamp[1], "%Y%m%d%H%M%S%f").replace(tzinfo=dt.UTC)
    return at < now() - dt.timedelta(days=KEPT_DAYS)


def _is_left(name: str) -> bool:
    """Nobody is at it."""
    _, _, number = name.partition("restoring_")
    if not number.isdigit():
        return False
    with activate(None), advisory_lock(lock_of(number)) as is_acquired:
        return is_acquired
