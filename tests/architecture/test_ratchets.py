"""The ratchets of `make check`: what each finds and passes over, and that counts only shrink."""

import json
import re

import pytest

from tests.architecture import ratchets
from tests.architecture.ratchets import __main__ as command_line
from tests.architecture.ratchets import counts, cycles, papers, pronouns, titles, type_ignores
from tests.architecture.ratchets.patterns import data
from tests.architecture.ratchets.sources import DATA, ROOT, Hit, Source, area_of, sources
from tests.architecture.ratchets.words import Row, Words, words

CODE = re.compile(r"[=(:\"'#_]|\w\.\w|^(raise|import|from|class|def) |^[A-Z]?[a-z]+[A-Z]\w+$")
ROWS = [pytest.param(row, id=row.was) for row in words().rows]


def page(row: Row, text: str) -> Source:
    """A text where the row applies, in a file of the kind that it looks like: a path, a template, a page or code."""
    folder = next((prefix for prefix in row.only_in if prefix.endswith("/")), "apps/kernel/")
    if "/" in text and text.endswith((".py", ".html")) and " " not in text:
        return Source(folder + text.rpartition("/")[2], "")
    suffix = ".html" if text.startswith(("<", "{%")) else ".py" if CODE.search(text) else ".md"
    return Source(f"{folder}page{suffix}", text)


@pytest.mark.parametrize("row", ROWS)
def test_each_word_is_found_in_its_examples(row):
    only = Words([row])

    assert row.finds
    assert [text for text in row.finds if not list(only.hits(page(row, text)))] == []


@pytest.mark.parametrize("row", ROWS)
def test_look_alikes_of_a_word_pass(row):
    only = Words([row])

    assert row.passes
    assert [text for text in row.passes if list(only.hits(page(row, text)))] == []


def test_a_line_counts_once_for_a_word_that_it_has_twice():
    fees = Words([Row("fee", "charge", text=("fee",), names=("fee",))])

    assert len(list(fees.hits(Source("apps/a.py", "fee = fee + 1  # the fee")))) == 1


def test_a_row_limited_to_paths_finds_nothing_elsewhere():
    row = Row("fee", "charge", text=("fee",), only_in=("apps/sales/",))

    assert list(Words([row]).hits(Source("apps/sales/rules.py", "fee = 1")))
    assert not list(Words([row]).hits(Source("apps/ledger/rules.py", "fee = 1")))


def test_names_are_found_in_interpolations_and_templates_but_not_in_titles_and_prose():
    fees = Words([Row("fee", "charge", names=("fee/fees",))])

    assert list(fees.hits(Source("apps/a.py", 'f"{order.fee_paid:.2f} EUR"')))
    assert list(fees.hits(Source("templates/a.html", "{% for fee in order.lines %}")))
    assert list(fees.hits(Source("apps/a/fees.py", "")))
    assert not list(fees.hits(Source("apps/a.py", '"""No fee is due."""  # a fee')))
    assert not list(fees.hits(Source("tests/a.py", "def test_a_fee_is_due():")))
    assert not list(fees.hits(Source("templates/a.html", "<p>No fee is due.</p>")))


def test_labels_are_found_as_whole_strings_and_elements_outside_tests():
    fees = Words([Row("Fee", "Charge", labels=("Fee",))])

    assert list(fees.hits(Source("apps/a.py", 'label="Fee"')))
    assert list(fees.hits(Source("templates/a.html", "<th> Fee </th>")))
    assert not list(fees.hits(Source("apps/a.py", 'label="Fee paid"')))
    assert not list(fees.hits(Source("tests/a.py", 'reason="Fee"')))


def test_columns_are_found_in_models_and_migrations():
    fees = Words([Row("fee", "charge", columns=("fee",))])

    assert [
        hit.line for hit in fees.hits(Source("apps/a.py", "class A:\n    fee = models.IntegerField()"))
    ] == [2]
    assert list(fees.hits(Source("apps/a.py", '(\n    "fee",\n    models.CharField(max_length=3),\n)')))
    assert not list(fees.hits(Source("apps/a.py", "    fee = money()\n    no_fee = models.IntegerField()")))


@pytest.mark.parametrize("text", data()["pronouns"]["finds"])
def test_masculine_pronouns_are_found(text):
    assert list(pronouns.hits([Source("apps/a.py", text)]))


@pytest.mark.parametrize("text", data()["pronouns"]["passes"])
def test_look_alikes_of_pronouns_pass(text):
    assert not list(pronouns.hits([Source("apps/a.py", text)]))


@pytest.mark.parametrize("text", data()["titles"]["finds"])
def test_titles_without_a_noun_are_found(text):
    assert list(titles.hits([Source("tests/a/test_a.py", text)]))


@pytest.mark.parametrize("text", data()["titles"]["passes"])
def test_titles_with_a_noun_pass(text):
    assert not list(titles.hits([Source("tests/a/test_a.py", text)]))


@pytest.mark.parametrize("text", data()["papers"]["finds"])
def test_references_to_papers_outside_are_found(text):
    assert list(papers.hits([Source("apps/a.py", text)]))


@pytest.mark.parametrize("text", data()["papers"]["passes"])
def test_references_within_the_repository_pass(text):
    assert not list(papers.hits([Source("apps/a.py", text)]))


def test_silenced_types_are_found_in_comments_only():
    text = 'a = b()  # type: ignore[misc]  # no types\nc = "# type: ignore"\nd = 1  # noqa: S101\n'

    assert [hit.line for hit in type_ignores.hits([Source("apps/a.py", text)])] == [1]


def test_a_cycle_by_way_of_a_third_module_is_found_and_a_chain_is_not():
    imports = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": set(), "f": {"a"}}

    assert list(cycles.components(imports, imports.__getitem__)) == [{"a", "b", "c"}]


def test_a_cycle_across_apps_names_the_pairs():
    imports = {
        "apps.sales.rules": {"apps.ledger.queries"},
        "apps.ledger.queries": {"apps.ledger.models"},
        "apps.ledger.models": {"apps.sales.rules"},
    }

    assert cycles.pairs(set(imports), imports.__getitem__) == " between apps.ledger and apps.sales"
    assert cycles.pairs({"apps.ledger.queries", "apps.ledger.models"}, imports.__getitem__) == ""


def test_an_import_inside_a_function_closes_a_cycle(tmp_path, monkeypatch):
    package = tmp_path / "shelves_in_a_cycle"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "first.py").write_text("from . import second\n")
    (package / "second.py").write_text("def fill():\n    from . import first\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(cycles, "PACKAGES", (package.name,))
    texts = [Source(f"{package.name}/{name}.py", "") for name in ("first", "second")]

    assert [(hit.path, hit.line) for hit in cycles.hits(texts)] == [
        ("shelves_in_a_cycle/first.py", 1),
        ("shelves_in_a_cycle/second.py", 2),
    ]


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("apps/ledger/handlers/entries.py", "apps/ledger"),
        ("apps/__init__.py", "apps"),
        ("templates/console/seal.html", "templates"),
        ("tests/ledger/test_sources.py", "tests/ledger"),
        ("tests/conftest.py", "tests"),
        ("config/settings/_bus.py", "config"),
        (".ci/run", "root"),
        ("README.md", "root"),
    ],
)
def test_a_path_belongs_to_an_area(path, area):
    assert area_of(path) == area


def test_sources_are_the_texts_of_the_repository_without_data_and_locked_requirements():
    paths = {source.path for source in sources()}

    assert {"Makefile", "README.md", ".ci/run", "pyproject.toml", "apps/ledger/rules.py"} <= paths
    assert not {DATA, "requirements.txt", "requirements-dev.txt", "deploy/requirements-otlp.txt"} & paths
    assert not [path for path in paths if path.startswith((".venv", ".git/")) or "__pycache__" in path]


@pytest.fixture
def one_ratchet(monkeypatch, tmp_path):
    """Two hits in apps/ledger, and one in apps/sales; the committed counts are in a file of the test."""
    hits = [
        Hit("apps/ledger/rules.py", 1, "first"),
        Hit("apps/ledger/rules.py", 7, "second"),
        Hit("apps/sales/a.py", 3, "third"),
    ]
    monkeypatch.setattr(command_line, "sources", list)
    monkeypatch.setattr(command_line, "RATCHETS", {"words": lambda texts: iter(hits)})
    monkeypatch.setattr(command_line, "_latest_change_first", lambda hit: hit.line)
    file = tmp_path / "ratchets.json"
    monkeypatch.setattr(counts.committed, "__defaults__", (file,))
    monkeypatch.setattr(counts.write, "__defaults__", (file,))
    return file


def test_equal_counts_pass(one_ratchet):
    one_ratchet.write_text(json.dumps({"words": {"apps/ledger": 2, "apps/sales": 1}}))

    assert command_line.main([]) == 0


@pytest.mark.parametrize(
    "before", [{"words": {"apps/ledger": 1, "apps/sales": 1}}, {"words": {"apps/sales": 1}}]
)
def test_a_count_that_grew_fails_and_names_every_line(one_ratchet, capsys, before):
    one_ratchet.write_text(json.dumps(before))

    assert command_line.main([]) == 1
    printed = capsys.readouterr().err
    assert "words in apps/ledger: 2, committed" in printed
    assert "apps/ledger/rules.py:1: first" in printed
    assert "apps/ledger/rules.py:7: second" in printed
    assert "apps/sales" not in printed


def test_a_ratchet_without_an_entry_prohibits(one_ratchet, capsys):
    assert command_line.main([]) == 1
    assert "words in apps/sales: 1, committed 0" in capsys.readouterr().err


def test_many_hits_are_cut_and_the_command_for_all_is_named(one_ratchet, capsys, monkeypatch):
    many = [Hit("apps/ledger/rules.py", line, "again") for line in range(1, 26)]
    monkeypatch.setattr(command_line, "RATCHETS", {"words": lambda texts: iter(many)})

    assert command_line.main([]) == 1
    printed = capsys.readouterr().err
    assert printed.count("again") == command_line.MAX_HITS_SHOWN
    assert "and 5 more: --list words apps/ledger" in printed


def test_a_count_that_shrank_fails_until_it_is_written(one_ratchet, capsys):
    one_ratchet.write_text(json.dumps({"words": {"apps/ledger": 5, "apps/sales": 1}}))

    assert command_line.main([]) == 1
    assert "words in apps/ledger: 2, committed 5: record it with --write" in capsys.readouterr().err
    assert command_line.main(["--write"]) == 0
    assert json.loads(one_ratchet.read_text()) == {"words": {"apps/ledger": 2, "apps/sales": 1}}
    assert command_line.main([]) == 0


def test_writing_drops_areas_and_ratchets_at_zero(one_ratchet, monkeypatch):
    monkeypatch.setattr(command_line, "RATCHETS", {"words": lambda texts: iter(())})
    one_ratchet.write_text(json.dumps({"words": {"apps/ledger": 5}}))

    assert command_line.main(["--write"]) == 0
    assert json.loads(one_ratchet.read_text()) == {}


def test_writing_refuses_growth_and_leaves_the_file(one_ratchet, capsys):
    before = json.dumps({"words": {"apps/ledger": 5}})
    one_ratchet.write_text(before)

    assert command_line.main(["--write"]) == 1
    assert "apps/sales/a.py:3: third" in capsys.readouterr().err
    assert one_ratchet.read_text() == before


def test_counts_move_with_the_code_when_the_sum_does_not_grow(one_ratchet):
    one_ratchet.write_text(json.dumps({"words": {"apps/ledger": 4}}))

    assert command_line.main(["--write", "--moved", "apps/ledger", "apps/sales"]) == 0
    assert json.loads(one_ratchet.read_text()) == {"words": {"apps/ledger": 2, "apps/sales": 1}}


def test_counts_do_not_move_when_the_sum_grows(one_ratchet):
    before = json.dumps({"words": {"apps/ledger": 2}})
    one_ratchet.write_text(before)

    assert command_line.main(["--write", "--moved", "apps/ledger", "apps/sales"]) == 1
    assert one_ratchet.read_text() == before


def test_a_list_of_an_area_has_its_hits_alone(one_ratchet, capsys):
    assert command_line.main(["--list", "words", "apps/sales"]) == 0
    assert capsys.readouterr().out == "apps/sales/a.py:3: third\n"


def test_an_unknown_ratchet_is_refused_with_the_names_of_all(one_ratchet, capsys):
    with pytest.raises(SystemExit):
        command_line.main(["--list", "verbs"])

    assert "no ratchet verbs; there are words" in capsys.readouterr().err


def test_committed_counts_are_of_known_ratchets_and_existing_areas():
    committed = counts.committed()
    areas = {area_of(source.path) for source in sources(ROOT)}

    assert set(committed) <= set(ratchets.RATCHETS)
    assert {area for by_area in committed.values() for area in by_area} <= areas
