"""Texts for people are marked for translation, with named placeholders."""

from __future__ import annotations

import string

import pytest
from django.utils import translation
from django.utils.functional import Promise

from apps.kernel.errors import Refusal
from apps.ledger.errors import EntryNotFound

from .collected_names import import_all, is_of_an_app
from .untranslated import ROOT, in_python, texts_in, translated_f_strings
from .untranslated_templates import in_templates, texts_in_template


@pytest.fixture(scope="module")
def refusals() -> list[type[Refusal]]:
    import_all("apps")
    translated, remaining = [], [Refusal]
    while remaining:
        refusal = remaining.pop()
        remaining += refusal.__subclasses__()
        if is_of_an_app(refusal) and "message" in vars(refusal):
            translated.append(refusal)
    return translated


def test_the_message_of_every_refusal_is_translated_when_raised(refusals):
    assert len(refusals) > 200
    assert [refusal for refusal in refusals if not isinstance(refusal.message, Promise)] == []


def test_placeholders_of_messages_have_names(refusals):
    fields = {
        field
        for refusal in refusals
        for _, field, _, _ in string.Formatter().parse(str(refusal.message))
        if field is not None
    }

    assert not [field for field in fields if not field or field[0].isdigit()]


def test_a_message_is_translated_before_its_placeholders_are_filled(monkeypatch):
    monkeypatch.setattr(translation._trans, "gettext", lambda message: f"» {message}", raising=False)

    assert str(EntryNotFound(entry_id=7)).startswith("» ")
    assert "7" in str(EntryNotFound(entry_id=7))


def test_texts_of_pages_are_marked_for_translation():
    assert [*in_python()] == []


def test_message_ids_are_literal_texts():
    paths = (ROOT / "apps").rglob("*.py")

    assert [text for path in paths for text in translated_f_strings(path.read_text())] == []
    assert translated_f_strings('gettext(f"{order} was placed.")') != []


@pytest.mark.parametrize(
    "source",
    [
        'Link("New account", url)',
        'forms.CharField(label="Days")',
        'messages.success(request, f"{order} was placed.")',
        'class State(TextChoices):\n    PAID = "paid", "Paid"',
        '@admin.display(description="Total")\ndef total(row): return ""',
        '@display()\ndef state(row): return "not counted yet"',
        'Figure(note=later)\ndef later(): return "nothing yet"',
    ],
)
def test_an_unmarked_text_is_found(source):
    assert len(texts_in(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        'Link(_("New account"), url)',
        'messages.success(request, gettext("{order} was placed.").format(order=order))',
        'log.info("%s was placed.", order)',
        'Page(title=title, path="orders/", permission="sales.view_order")',
        '@display()\ndef body(row): return format_html("<pre>{}</pre>", row.body)',
    ],
)
def test_a_marked_text_or_a_code_is_not_found(source):
    assert texts_in(source) == []


def test_texts_of_templates_are_marked_for_translation():
    assert [*in_templates()] == []


@pytest.mark.parametrize(
    "source",
    [
        "<h1>Sign in</h1>",
        '<div aria-label="Usage"></div>',
        "{{ tenant|default:'platform' }}",
        "{% if tenant %}at the tenant{% endif %}",
        '{% include "table.html" with label="Usage of limits" %}',
    ],
)
def test_an_unmarked_text_of_a_template_is_found(source):
    assert len(texts_in_template(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        '<h1>{% translate "Sign in" %}</h1>',
        "{% blocktranslate %}at {{ tenant }}{% endblocktranslate %}",
        '<span class="material-symbols-outlined" aria-hidden="true">calendar</span>',
        "<title>{{ title }} · Bursar</title>",
    ],
)
def test_a_marked_text_of_a_template_is_not_found(source):
    assert texts_in_template(source) == []
