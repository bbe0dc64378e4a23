"""Extension points: settings that name an account, and documents that book entries.

An account takes postings as long as a setting names it, such as the one that payments are debited to. An entry that a
document booked has no reversal of its own, since the document would remain. Both by rules, and in the database
(guards.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from apps.settings import SettingDefinition, declare

AccountSetting = SettingDefinition[str]


@dataclass(frozen=True)
class Accepted:
    """What an account setting accepts: the types of account, and the keys of settings that name other accounts, since
    one account for both would merge their balances."""

    types: tuple[str, ...]
    differs_from: tuple[str, ...] = ()


Rule = Callable[[AccountSetting, str], None]
_declared: dict[AccountSetting, Accepted] = {}
_rules: list[Rule] = []


@dataclass(frozen=True, kw_only=True)
class Document:
    """A kind of document that books entries.

    fact        the first part of their `source`: "payment_confirmed" of "payment_confirmed:17"
    name        of the document, with its article
    correction  what corrects the document instead of a reversal, as a sentence
    """

    fact: str
    name: str | Promise
    correction: str | Promise


_documents: dict[str, Document] = {}


def declare_document(*documents: Document) -> None:
    """An app that books entries declares its documents, in hookimpls.py; a migration of that app has a guard for them
    (guards.documents_book)."""
    _documents.update((document.fact, document) for document in documents)


def document_of(source: str) -> Document | None:
    """The kind of document that booked the entry with this source."""
    return _documents.get(source.partition(":")[0])


def document_facts() -> frozenset[str]:
    return frozenset(_documents)


def declare_account(
    *,
    key: str,
    default: str,
    description: str | Promise,
    types: tuple[str, ...],
    differs_from: tuple[str, ...] = (),
) -> AccountSetting:
    """Declares a setting whose value is the code of an account, in an app's setting_definitions.py. Migrations of that
    app have guards for it (guards.named_account, guards.accepted_account)."""
    setting = declare(key=key, type=str, default=default, description=description, rule=_must_be_usable)
    _declared[setting] = Accepted(types, differs_from)
    return setting


def accepted_by(setting: AccountSetting) -> Accepted:
    return _declared[setting]


def account_settings() -> Sequence[AccountSetting]:
    return tuple(_declared)


def account_rule(rule: Rule) -> Rule:
    """Registers a rule about the code that a setting will have."""
    if rule not in _rules:
        _rules.append(rule)
    return rule


def _must_be_usable(setting: SettingDefinition[Any], code: str) -> None:
    for rule in _rules:
        rule(setting, code)
