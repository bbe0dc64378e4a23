"""An erasure reaches the versions of master data and the files of the archive, and the chain stays whole."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import DatabaseError, connection, connections, transaction

from apps.audit import anchors, archives, forgetting, queries
from apps.audit.commands import ArchiveAuditLog, DropArchived, ErasePerson
from apps.audit.errors import ArchiveIsBroken, PersonNotInAuditLog
from apps.audit.history import FieldHistory
from apps.audit.models import Archive, Record, Segment
from apps.audit.verification import verify
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.identity.commands import InviteUser
from apps.identity.models import User
from apps.kernel.clock import moved_to, now
from apps.kernel.files import FileIsMissing, Files, files
from apps.sales.commands import AddCustomer
from apps.sales.models import Customer
from tests.support.failpoints import Killed
from tests.support.settling import settle
from tests.support.sqlstate import NO_COLUMN, NO_RIGHT, refused

EMAIL, NAME = "berta@acme.example", "Berta Bauer"
PAST = dt.datetime(2014, 5, 1, tzinfo=dt.UTC)
ARCHIVE = ArchiveAuditLog(before=dt.date(2026, 1, 1), reason="Ten years are over.")


@pytest.fixture
def berta(at_acme, owner):
    return dispatch(InviteUser(email=EMAIL, name=NAME, role="owner"), actor=owner)


def erase(owner, **given):
    return dispatch(ErasePerson(reason="She asked for it.", **given), actor=owner)


# Versions


def versions():
    """All that every version of anything says."""
    kept = [
        model
        for model in apps.get_models()
        if issubclass(model, FieldHistory) and model._meta.app_label != "billing"
    ]
    return " ".join(str(row) for model in kept for row in model._base_manager.values())


def test_no_version_names_her_any_more(berta, owner, seal_all):
    dispatch(FoundCompany(code="BER", name="Bauhaus", currency="EUR"), actor=berta)
    seal_all()
    assert EMAIL in versions()

    result = erase(owner, user_id=berta.pk, texts=(EMAIL, NAME))

    assert " versions" in result
    said = versions()
    assert EMAIL not in said
    assert NAME not in said
    assert "Bauhaus" in said
    (version,) = User.history.filter(id=berta.pk)
    assert (version.name, version.email) == ("(erased)", "(erased)")
    seal_all()
    assert verify().intact


def test_by_her_number_alone_her_own_versions_and_those_she_made_go(berta, owner):
    dispatch(FoundCompany(code="BER", name="Bauhaus", currency="EUR"), actor=berta)

    erase(owner, user_id=berta.pk)

    assert EMAIL not in versions()
    assert NAME not in versions()


def test_who_stands_in_versions_alone_is_found_too(berta, owner):
    erase(owner, user_id=berta.pk, texts=(EMAIL, NAME))

    with pytest.raises(PersonNotInAuditLog):
        erase(owner, user_id=berta.pk, texts=(EMAIL, NAME))


def test_versions_of_what_is_kept_by_law_go_when_the_law_lets_them(at_acme, owner):
    dispatch(AddCustomer(code="BER", name=NAME, email=EMAIL), actor=owner)

    assert queries.erasure_plan(None, [EMAIL]).kept >= 1
    erase(owner, texts=(NAME,))
    assert Customer.history.get().name == NAME

    with moved_to(now() + dt.timedelta(days=365 * 11)):
        erase(owner, texts=(NAME, EMAIL))
    assert (Customer.history.get().name, Customer.history.get().email) == ("(erased)", "(erased)")


@pytest.mark.parametrize(
    "word", ["name = 'Somebody else'", "name = '(erased)', email = 'x'", "history_id = -1"]
)
def test_a_version_can_lose_a_word_and_have_no_other(berta, word):
    with pytest.raises(DatabaseError, match="never changed"), connections["owner"].cursor() as cursor:
        cursor.execute(f"UPDATE identity_historicaluser SET {word}")


def test_the_runtime_has_no_right_to_change_them_itself(berta):
    assert refused("UPDATE identity_historicaluser SET name = '(erased)'") == NO_RIGHT


def announced(table, field, ids):
    """The record of an erasure, as whoever has the tenant's role can write one himself."""
    words = [{"object": table, "field": field, "before": None, "after": ids}]
    said = {"sentence": "Nothing.", "request": {}, "changes": words}
    Record(at=now(), command="audit.erase_person", outcome="done", **said).write()


def call_erasing():
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase_versions()")
        return cursor.fetchone()[0]


@pytest.fixture
def company(berta, owner):
    """A version that the audit log never said would lose a word."""
    erase(owner, user_id=berta.pk, texts=(EMAIL, NAME))
    return dispatch(FoundCompany(code="BER", name="Bauhaus", currency="EUR"), actor=owner)


def test_the_runtime_cannot_erase_what_it_wishes(company):
    before = versions()

    assert call_erasing() == 0
    with pytest.raises(DatabaseError, match="does not exist"), connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase_versions('companies_historicalcompany', 'code', '{1}')")

    assert versions() == before


def test_what_an_earlier_transaction_said_erases_nothing_now(company):
    announced("companies_historicalcompany", "code", "1-999")

    assert call_erasing() == 0


def test_whoever_erases_by_a_record_of_his_own_stands_in_the_audit_log(company):
    with transaction.atomic():
        announced("companies_historicalcompany", "code", "1-2,3,4-999")
        assert call_erasing()

    assert company.history.get().code == "(erased)"
    (change,) = Record.objects.filter(command="audit.erase_person").latest("id").changes
    assert (change["object"], change["field"]) == ("companies_historicalcompany", "code")


@pytest.mark.parametrize("table", ["ledger_entry", "identity_user", "audit_segment"])
def test_nothing_but_versions_loses_words_that_way(berta, table):
    """Versions alone have the column that the erasure chooses rows by."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        announced(table, "name", "1")
        call_erasing()

    assert caught.value.__cause__.sqlstate == NO_COLUMN
    assert 'column "history_id" does not exist' in str(caught.value)


# Files


@pytest.fixture
def archived(berta, owner, seal_all):
    """Long ago she founded a company; all that is of then is archived."""
    seal_all()
    with moved_to(PAST):
        dispatch(FoundCompany(code="BER", name=f"{NAME} Ltd", currency="EUR"), actor=berta)
        dispatch(FoundCompany(code="OTH", name="Other Ltd", currency="EUR"), actor=owner)
        seal_all()
    dispatch(ARCHIVE, actor=owner)
    return Archive.objects.get()


def in_store():
    """Every file of the archive: name and words."""
    folder = f"{archives.FOLDER}/financial"
    said = {}
    for name in files().listdir(folder)[1]:
        with files().open(f"{folder}/{name}") as handle:
            said[name] = handle.read().decode()
    return said


def test_she_is_in_no_file_any_more_and_the_chain_verifies(archived, berta, owner, seal_all):
    (before,) = in_store().values()
    assert NAME in before

    erase(owner, user_id=berta.pk, texts=(EMAIL, NAME))
    settle()
    seal_all()

    (after,) = in_store().values()
    assert NAME not in after
    assert EMAIL not in after
    assert "Other Ltd" in after
    assert Archive.objects.get().file == archived.file
    assert verify(with_archives=True).faults == []


def test_files_that_do_not_name_her_are_left_alone(archived, owner):
    dispatch(AddCustomer(code="C", name="Carla Caro"), actor=owner)
    before = files().get_modified_time(archived.file)

    erase(owner, texts=("Carla Caro",))
    settle()

    assert files().get_modified_time(archived.file) == before


def test_until_the_files_follow_nothing_is_wrong(archived, berta, owner):
    """Erased by right, and not gone yet: the next look finds the audit log whole, before and after."""
    erase(owner, user_id=berta.pk)
    assert verify(with_archives=True).intact


def test_wherever_it_dies_the_file_is_whole_in_the_end(archived, berta, owner, monkeypatch):
    """Before and after each thing that is done to the store, and half way through writing."""
    pristine = in_store()
    plan = queries.erasure_plan(berta.pk, [NAME])
    everybody = (",".join(map(str, plan.who)), ",".join(map(str, plan.what)))
    erase(owner, user_id=berta.pk, texts=(NAME,))
    deaths = 0
    for dies_at in range(1, 50):
        for name in in_store():
            files().delete(f"{archives.FOLDER}/financial/{name}")
        for name, words in pristine.items():
            files().save(f"{archives.FOLDER}/financial/{name}", ContentFile(words))
        lived = dying(monkeypatch, dies_at, lambda: forgetting.forget(*everybody))
        deaths += not lived

        forgetting.forget(*everybody)

        (after,) = in_store().values()
        assert NAME not in after
        archives.must_hold(archived.file, archives.segments_of(archived))
        if lived:
            break

    assert deaths > 8
    assert verify(with_archives=True).intact


def dying(monkeypatch, dies_at, work):
    passed = 0

    def point():
        nonlocal passed
        passed += 1
        if passed == dies_at:
            raise Killed

    def half(store, name, content):
        """It dies before, half way, or after."""
        point()
        data = content.read()
        try:
            point()
        except Killed:
            save(store, name, ContentFile(data[: len(data) // 2]))
            raise
        kept = save(store, name, ContentFile(data))
        point()
        return kept

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


def test_texts_that_vanish_from_a_file_without_an_erasure_are_found(archived):
    lines = [*archives.read(archived.file)]
    lines[1]["who_salt"], lines[1]["who"] = None, ["(erased)", "", "(erased)", ""]
    files().delete(archived.file)
    files().save(archived.file, ContentFile("".join(json.dumps(line) + "\n" for line in lines)))

    (fault,) = verify(with_archives=True).faults
    assert fault.kind == "archive"
    assert "nobody erased them" in fault.detail


def test_a_file_that_was_written_before_an_erasure_is_not_taken(berta, owner, seal_all):
    """Between the writing of an archive and its taking over somebody is erased."""
    seal_all()
    with moved_to(PAST):
        dispatch(FoundCompany(code="BER", name="Bauhaus", currency="EUR"), actor=berta)
        seal_all()
    segment = Segment.objects.get(newest_at__year=2014)
    file = archives.write([segment])
    erase(owner, user_id=berta.pk)

    with pytest.raises(ArchiveIsBroken, match="was erased meanwhile"):
        dispatch(
            DropArchived(
                retention=segment.retention,
                first_segment=segment.number,
                last_segment=segment.number,
                file=file,
            ),
            actor=owner,
        )


def test_a_file_that_is_cut_off_is_found(archived):
    (words,) = in_store().values()
    files().delete(archived.file)
    files().save(archived.file, ContentFile(words[: len(words) // 2]))

    assert [fault.kind for fault in verify(with_archives=True).faults] == ["archive"]


def test_a_file_that_is_missing_stops_nobody(archived, berta, owner, seal_all):
    with moved_to(PAST + dt.timedelta(days=1)):
        dispatch(FoundCompany(code="BET", name=f"{NAME} & Sons", currency="EUR"), actor=berta)
        seal_all()
    dispatch(ARCHIVE, actor=owner)
    files().delete(archived.file)

    erase(owner, user_id=berta.pk, texts=(NAME,))
    settle()

    with pytest.raises(FileIsMissing):
        files().open(archived.file)
    (other,) = in_store().values()
    assert NAME not in other


def test_a_file_that_is_not_taken_is_not_left_behind(berta, owner, seal_all, monkeypatch):
    """Nobody would look for her in it."""
    seal_all()
    with moved_to(PAST):
        dispatch(FoundCompany(code="BER", name="Bauhaus", currency="EUR"), actor=berta)
        seal_all()

    def while_she_is_erased(segments):
        file = write(segments)
        erase(owner, user_id=berta.pk)
        return file

    write = archives.write
    monkeypatch.setattr(archives, "write", while_she_is_erased)
    with pytest.raises(ArchiveIsBroken, match="was erased meanwhile"):
        dispatch(ARCHIVE, actor=owner)

    assert in_store() == {}


def test_who_is_erased_while_somebody_looks_is_not_tampering(archived, berta, owner, monkeypatch):
    """The look has begun, and what it sees of the database is of then; of the files it is of now."""

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

    assert verify(with_archives=True).faults == []
    (after,) = in_store().values()
    assert NAME not in after


def test_a_file_is_read_while_its_copy_takes_its_place(archived, monkeypatch):
    def swapped(store, name, mode="rb"):
        if name == archived.file and store.exists(name):
            store.save(name + archives.COPY, ContentFile(store_open(store, name).read()))
            store.delete(name)
        return store_open(store, name, mode)

    store_open = Files._open
    monkeypatch.setattr(Files, "_open", swapped)

    archives.must_hold(archived.file, archives.segments_of(archived))
