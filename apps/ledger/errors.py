"""Refusals of the ledger. The SQLSTATEs BL001… are raised by the database for the same rules (migration 0002)."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal
from apps.kernel.reasons import ReasonRequired

# Entries and lines


class EntryNotFound(NotFound):
    message = _("There is no entry {entry_id}.")


class EntryIsImmutable(Conflict):
    message = _("Entry {entry} is posted and cannot change: reverse it instead.")
    enforced_by = ("BL001",)


class EntryMustBeDrafted(Invalid):
    message = _("An entry must be created as a draft before it is posted.")
    enforced_by = ("BL002",)


class DayOutsidePeriod(Invalid):
    message = _("{day} is not in period {period}.")
    enforced_by = ("BL003",)


class TooFewLines(Invalid):
    message = _("An entry needs at least two lines; this one has {lines}.")
    enforced_by = ("BL004",)


class EntryUnbalanced(Invalid):
    message = _("The entry does not balance in {currency}: debits and credits differ by {difference}.")
    enforced_by = ("BL005",)


class LineIsZero(Invalid):
    message = _("Line {line} is zero.")
    enforced_by = ("ledger_line_is_not_zero",)


class EntryIsPosted(Conflict):
    message = _("Entry {entry} is already posted.")


class DraftHasAttachments(Conflict):
    message = _("The draft {entry} has attachments. Remove them before it is discarded.")


class FactAlreadyPosted(Conflict):
    message = _("{source} is already posted with other lines, or is being posted concurrently.")
    enforced_by = ("ledger_entry_source_once",)


class SourceReserved(Invalid):
    message = _("{source} is the fact of {document}, which books its entry itself.")


class SnapshotTooOld(Conflict):
    message = _("A draft must be posted in READ COMMITTED: an older snapshot could miss a line.")
    enforced_by = ("BL012",)


class BookingImpossible(Conflict):
    """Raised before money moves. Background work that meets it waits until the obstacles are gone."""

    message = _("This cannot be booked: {obstacles}")
    postpones = True

    def __init__(self, obstacles: Sequence[Refusal]) -> None:
        codes = [obstacle.code for obstacle in obstacles]
        super().__init__(obstacles=" ".join(str(obstacle) for obstacle in obstacles), codes=codes)


# Reversals


class ReversalDiffers(Invalid):
    message = _("A reversal must have exactly the lines of a posted entry, with opposite signs.")
    enforced_by = ("BL006",)


class EntryIsReversed(Conflict):
    message = _("Entry {entry} is already reversed.")
    enforced_by = ("ledger_entry_reversal_of_id_key",)


class EntryIsOfDocument(Conflict):
    message = _("Entry {entry} was booked by {document} and has no reversal of its own. {correction}")
    enforced_by = ("BL021",)


class EntryIsDraft(Conflict):
    message = _("Entry {entry} is a draft: discard it instead of reversing it.")


class ReversalTooEarly(Invalid):
    message = _("The reversal cannot be dated before entry {entry} of {posted_on}.")


class ReasonMissing(ReasonRequired):
    """For a reversal, the deactivation of an account, and discarded entries of an import."""


# Accounts and journals


class AccountUnknown(NotFound):
    message = _("There is no account {account!r}.")


class AccountIsInactive(Conflict):
    message = _("Account {account} is inactive.")
    enforced_by = ("BL007",)


class AccountHasChildren(Conflict):
    message = _("Account {account} has child accounts and takes no postings itself.")
    enforced_by = ("BL008",)


class AccountHasPostings(Conflict):
    message = _("Account {account} has postings, so it cannot get child accounts.")
    enforced_by = ("BL009",)


class AccountIsActive(Conflict):
    message = _("Account {account} is active.")


class AccountIsFixed(Conflict):
    message = _(
        "The parent of account {account} never changes, and neither does its type once it has postings, a parent or"
        " child accounts."
    )
    enforced_by = ("BL010",)


class AccountIsOnDrafts(Conflict):
    message = _("Account {account} is on drafts: post or discard them first.")
    enforced_by = ("BL011",)


class AccountCodeTaken(Conflict):
    message = _("There is already an account {account}.")
    enforced_by = ("ledger_account_code_key", "ledger_account_code_in_any_case")


class AccountNameTaken(Conflict):
    message = _("There is already an account named {name!r}.")
    enforced_by = ("ledger_account_name_key",)


class AccountTypeUnknown(Invalid):
    message = _("{type!r} is not a type of account: write asset, liability, equity, income or expense.")
    enforced_by = ("ledger_account_type",)


class AccountTypeDiffers(Invalid):
    message = _("An account must have the type of its parent: {parent} is of type {type}.")


class AccountOfSettingUnknown(Conflict):
    message = _("Account {account} of the setting {setting} does not exist.")
    enforced_by = ("BL013",)


class AccountOfSettingIsInactive(Conflict):
    message = _("Account {account} of the setting {setting} is inactive.")
    enforced_by = ("BL014",)


class AccountOfSettingHasChildren(Conflict):
    message = _("Account {account} of the setting {setting} has child accounts and takes no postings itself.")
    enforced_by = ("BL015",)


class AccountOfSettingHasOtherType(Conflict):
    message = _("Account {account} of the setting {setting} is of type {type}: the setting takes {types}.")
    enforced_by = ("BL018",)


class AccountOfSettingIsShared(Conflict):
    message = _(
        "Account {account} of the setting {setting} is that of the setting {other}: one account for both would merge "
        "their balances."
    )
    enforced_by = ("BL019",)


class AccountIsNamedBySetting(Conflict):
    message = _("The setting {setting} names account {account}: choose another account there first.")
    enforced_by = ("BL016",)


class AccountSnapshotTooOld(Conflict):
    message = _(
        "Account {account} must be changed in READ COMMITTED: an older snapshot could miss a setting."
    )
    enforced_by = ("BL017",)


class AccountNameMissing(Invalid):
    message = _("An account needs a code and a name.")


class JournalUnknown(NotFound):
    message = _("There is no journal {journal!r}.")


class JournalCodeTaken(Conflict):
    message = _("There is already a journal {journal}.")
    enforced_by = ("ledger_journal_code_key", "ledger_journal_code_in_any_case")


# Closing


class DraftsRemain(Conflict):
    message = _("Period {period} has {drafts}: post or discard them first.")
