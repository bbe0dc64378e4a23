"""Erasure of a person from versions of master data and from cold storage; the chain stays valid."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import DatabaseError, connections

from apps.audit import anchors, cold_storage, cold_storage_erasure
from apps.audit.commands import DropRecordsInColdStorage, ErasePerson, MoveToColdStorage
from apps.audit.erasure_plan import erasure_plan
from apps.audit.errors import ColdStorageFileIsBroken, PersonNotInAuditLog
from apps.audit.history import FieldHistory
from apps.audit.models import ColdStorageFile, Segment
from apps.audit.verification import verify
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.identity.models import User
from apps.kernel.files.store import FileIsMissing, Files, files
from apps.sales.commands import AddCustomer
from apps.sales.models import Customer
from tests.support.aging import without_triggers
from tests.support.approvals import dispatch_approved
from tests.support.erasing import erase_by_sql
from tests.support.failpoints import Killed
from tests.support.people import new_user
from tests.support.settling import settle
from tests.support.sqlstate import NO_COLUMN, NO_RIGHT, refused

EMAIL, NAME = "berta@acme.example", "Berta Bauer"
PAST = dt.datetime(2014, 5, 1, tzinfo=dt.UTC)
MOVE = MoveToColdStorage(before=dt.date(2026, 1, 1), reason="Ten years are over.")


@pytest.fixture
def berta(at_acme, owner):
    return new_user(EMAIL, NAME, "owner", actor=owner)


def erase(owner, **fields):
    return dispatch_approved(ErasePerson(reason="She asked for it.", **fields), owner)


# Versions


def versions():
    """The values of all versions."""
    models = [
        model
        for model in apps.get_models()
        if issubclass(model, FieldHistory) and model._meta.app_label != "billing"
    ]
    return " ".join(str(row) for model in models for row in model._base_manager.values())


def test_an_erasure_reaches_all_versions(berta, owner, seal_all):
    dispatch(FoundCompany(code="BER", name="Bauhaus", currency="EUR"), actor=berta)
    seal_all()
    assert EMAIL in versions()

    result = erase(owner, user_id=berta.pk, texts=(EMAIL, NAME))

    assert " versions" in result
    erased = versions()
    assert EMAIL not in erased
    assert NAME not in erased
    assert "Bauhaus" in erased
    texts = User.history.filter(id=berta.pk).values_list("name", "email")
    assert set(texts) == {("(erased)", "(erased)")}
    seal_all()
    assert verify().intact


def test_an_erasure_by_number_covers_versions_of_and_by_the_user(berta, owner):
    dispatch(FoundCompany(code="BER", name="Bauhaus", currency="EUR"), actor=berta)

    erase(owner, user_id=berta.pk)

    assert EMAIL not in versions()
    assert NAME not in versions()


def test_a_second_erasure_of_versions_is_refused(berta, owner):
    erase(owner, user_id=berta.pk, texts=(EMAIL, NAME))

    with pytest.raises(PersonNotInAuditLog):
        erase(owner, user_id=berta.pk, texts=(EMAIL, NAME))


def test_versions_of_financial_rows_are_erased_after_the_legal_period(at_acme, owner, recorded_at):
    with recorded_at(PAST):
        dispatch(AddCustomer(code="BER", name=NAME, email=EMAIL), actor=owner)

    with without_triggers("sales_historicalcustomer") as cursor:
        cursor.execute("UPDATE sales_historicalcustomer SET history_date = now()")
    assert erasure_plan(None, [EMAIL]).retained >= 1
    erase(owner, texts=(NAME,))
    assert Customer.history.get().name == NAME

    with without_triggers("sales_historicalcustomer") as cursor:
        cursor.execute("UPDATE sales_historicalcustomer SET history_date = %s", [PAST])
    erase(owner, texts=(NAME, EMAIL))
    assert (Customer.history.get().name, Customer.history.get().email) == ("(erased)", "(erased)")


@pytest.mark.parametrize(
    "change", ["name = 'Another person'", "name = '(erased)', email = 'x'", "history_id = -1"]
)
def test_a_version_can_only_be_erased(berta, change):
    with pytest.raises(DatabaseError, match="never changed"), connections["owner"].cursor() as cursor:
        cursor.execute(f"UPDATE identity_historicaluser SET {change}")


def test_the_runtime_cannot_change_versions(berta):
    assert refused("UPDATE identity_historicaluser SET name = '(erased)'") == NO_RIGHT


@pytest.mark.parametrize("table", ["ledger_entry", "identity_user", "audit_segment"])
def test_only_versions_can_be_erased_that_way(berta, table):
    """The erasure selects rows by `history_id`, a column of versions."""
    with pytest.raises(DatabaseError) as caught:
        erase_by_sql(versions=[{"table": table, "field": "name", "ids": "1"}])

    assert caught.value.__cause__.sqlstate == NO_COLUMN
    assert 'column "history_id" does not exist' in str(caught.value)


# Files


@pytest.fixture
def stored(berta, owner, seal_all, recorded_at):
    """The file in cold storage with a company that Berta founded long ago."""
    seal_all()
    with recorded_at(PAST):
        dispatch(FoundCompany(code="BER", name=f"{NAME} Ltd", currency="EUR"), actor=berta)
        dispatch(FoundCompany(code="OTH", name="Other Ltd", currency="EUR"), actor=owner)
    seal_all()
    dispatch(MOVE, actor=owner)
    return ColdStorageFile.objects.get()


def in_store():
    """Every file in cold storage: name and content."""
    folder = f"{cold_storage.FOLDER}/financial"
    contents = {}
    for name in files().listdir(folder)[1]:
        with files().open(f"{folder}/{name}") as handle:
            contents[name] = handle.read().decode()
    return contents


def test_an_erasure_reaches_cold_storage(stored, berta, owner, seal_all):
    (before,) = in_store().values()
    assert NAME in before

    erase(owner, user_id=berta.pk, texts=(EMAIL, NAME))
    settle()
    seal_all()

    (after,) = in_store().values()
    assert NAME not in after
    assert EMAIL not in after
    assert "Other Ltd" in after
    assert ColdStorageFile.objects.get().file == stored.file
    assert verify().faults == []


def test_files_without_the_person_are_not_rewritten(stored, owner):
    dispatch(AddCustomer(code="C", name="Carla Caro"), actor=owner)
    before = files().get_modified_time(stored.file)

    erase(owner, texts=("Carla Caro",))
    settle()

    assert files().get_modified_time(stored.file) == before


def test_the_audit_log_is_verified_before_the_files_are_rewritten(stored, berta, owner):
    erase(owner, user_id=berta.pk)
    assert verify().intact


def test_an_erasure_in_cold_storage_survives_a_crash_at_any_point(stored, berta, owner, monkeypatch):
    """Before and after each operation of the store, and half way through writing."""
    pristine = in_store()
    plan = erasure_plan(berta.pk, [NAME])
    records = (",".join(map(str, plan.actor)), ",".join(map(str, plan.content)))
    erase(owner, user_id=berta.pk, texts=(NAME,))
    deaths = 0
    for dies_at in range(1, 50):
        for name in in_store():
            files().delete(f"{cold_storage.FOLDER}/financial/{name}")
        for name, content in pristine.items():
            files().save(f"{cold_storage.FOLDER}/financial/{name}", ContentFile(content))
        lived = dying(monkeypatch, dies_at, lambda: cold_storage_erasure.erase(*records))
        deaths += not lived

        cold_storage_erasure.erase(*records)

        (after,) = in_store().values()
        assert NAME not in after
        cold_storage.must_hold(stored.file, cold_storage.segments_of(stored))
        if lived:
            break

    assert deaths > 8
    assert verify().intact


def dying(monkeypatch, dies_at, work):
    passed = 0

    def point():
        nonlocal passed
        passed += 1
        if passed == dies_at:
            raise Killed

    def half(store, name, content):
        """Crashes before, half way, or after."""
        point()
        data = content.read()
        try:
            point()
        except Killed:
            save(store, name, ContentFile(data[: len(data) // 2]))
            raise
        saved = save(store, name, ContentFile(data))
        point()
        return saved

    def gone(store, name):
        point()
        delete(store, name)
        point()

    save, delete = Files._save, Files.delete
    with monkeypatch.context() as here:
        here.setattr(Files, "_save", half)
        here.setattr(Files, "delete", gone)
        try:
            work()
        except Killed:
            return False
        return True


def test_texts_missing_from_a_file_without_an_erasure_are_detected(stored):
    lines = [*cold_storage.read(stored.file)]
    lines[1]["actor_salt"], lines[1]["actor"] = None, ["(erased)", "", "(erased)", ""]
    files().delete(stored.file)
    files().save(stored.file, ContentFile("".join(json.dumps(line) + "\n" for line in lines)))

    (fault,) = verify().faults
    assert fault.kind == "cold storage"
    assert "without an erasure" in fault.detail


def test_a_file_written_before_an_erasure_is_refused(berta, owner, seal_all, recorded_at):
    """The erasure commits between the writing of a file and the dropping of its records."""
    seal_all()
    with recorded_at(PAST):
        dispatch(FoundCompany(code="BER", name="Bauhaus", currency="EUR"), actor=berta)
    seal_all()
    segment = Segment.objects.get(newest_at__year=2014)
    file = cold_storage.write([segment])
    erase(owner, user_id=berta.pk)

    with pytest.raises(ColdStorageFileIsBroken, match="was erased meanwhile"):
        dispatch(
            DropRecordsInColdStorage(
                retention=segment.retention,
                first_segment=segment.number,
                last_segment=segment.number,
                file=file,
            ),
            actor=owner,
        )


def test_a_truncated_file_is_detected(stored):
    (content,) = in_store().values()
    files().delete(stored.file)
    files().save(stored.file, ContentFile(content[: len(content) // 2]))

    assert [fault.kind for fault in verify().faults] == ["cold storage"]


def test_a_missing_file_does_not_stop_the_erasure_of_others(stored, berta, owner, seal_all, recorded_at):
    with recorded_at(PAST + dt.timedelta(days=1)):
        dispatch(FoundCompany(code="BET", name=f"{NAME} & Sons", currency="EUR"), actor=berta)
    seal_all()
    dispatch(MOVE, actor=owner)
    files().delete(stored.file)

    erase(owner, user_id=berta.pk, texts=(NAME,))
    settle()

    with pytest.raises(FileIsMissing):
        files().open(stored.file)
    (other,) = in_store().values()
    assert NAME not in other


def test_a_refused_file_is_deleted(berta, owner, seal_all, monkeypatch, recorded_at):
    """A later erasure would not find it."""
    seal_all()
    with recorded_at(PAST):
        dispatch(FoundCompany(code="BER", name="Bauhaus", currency="EUR"), actor=berta)
    seal_all()

    def while_she_is_erased(segments):
        file = write(segments)
        erase(owner, user_id=berta.pk)
        return file

    write = cold_storage.write
    monkeypatch.setattr(cold_storage, "write", while_she_is_erased)
    with pytest.raises(ColdStorageFileIsBroken, match="was erased meanwhile"):
        dispatch(MOVE, actor=owner)

    assert in_store() == {}


def test_an_erasure_during_verification_of_files_is_not_reported(stored, berta, owner, monkeypatch):
    """Verification sees the database as of its snapshot, and the files in their current state."""

    def erased():
        erase(owner, user_id=berta.pk, texts=(NAME,))
        settle()
        connections.close_all()

    def meanwhile():
        with ThreadPoolExecutor(1) as other:
            other.submit(copy_context().run, erased).result()
        return heads()

    heads = anchors.heads
    monkeypatch.setattr(anchors, "heads", meanwhile)

    assert verify().faults == []
    (after,) = in_store().values()
    assert NAME not in after


def test_a_file_can_be_read_while_its_copy_replaces_it(stored, monkeypatch):
    def swapped(store, name, mode="rb"):
        if name == stored.file and store.exists(name):
            store.save(name + cold_storage.COPY_SUFFIX, ContentFile(store_open(store, name).read()))
            store.delete(name)
        return store_open(store, name, mode)

    store_open = Files._open
    monkeypatch.setattr(Files, "_open", swapped)

    cold_storage.must_hold(stored.file, cold_storage.segments_of(stored))
