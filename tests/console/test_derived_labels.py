"""Labels that Django and the bus derive from names are collected for translation, and lazy."""

from __future__ import annotations

from django.utils.functional import Promise

from apps.billing.models import Plan
from apps.companies.models import Company
from apps.console.derived_labels import derived_texts
from apps.ledger.admin.accounts import NewAccount
from apps.ledger.commands import PostEntry
from apps.ledger.models import Account, Entry


def test_labels_of_fields_and_models_are_lazy():
    field = Entry._meta.get_field("posted_on")

    assert isinstance(field.verbose_name, Promise)
    assert (str(field.verbose_name), str(Account._meta.verbose_name_plural)) == ("posted on", "accounts")


def test_a_label_that_the_code_gives_is_not_replaced():
    assert str(Company._meta.verbose_name_plural) == "companies"
    assert str(Entry._meta.verbose_name_plural) == "entries"


def test_a_field_of_a_form_without_a_label_has_a_lazy_one():
    label = NewAccount().fields["parent"].label

    assert isinstance(label, Promise)
    assert str(label) == "Parent"


def test_derived_texts_have_labels_buttons_help_texts_and_steps():
    texts = {*derived_texts()}

    assert {"posted on", "accounts", "Parent", "Post entry", "place order", "Not Found"} <= texts
    assert PostEntry.english_help_text() in texts
    assert str(Plan._meta.verbose_name) in texts
