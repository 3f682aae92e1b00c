"""Which ledger entries can be taken back, by whom, and why not."""

from django.utils.translation import gettext as _

from billing.choices import REVERSIBLE, EntryKind
from billing.models import LedgerEntry
from billing.selectors.ended import end_of
from billing.selectors.transfers import other_leg
from customers.tenancy import Actor


def legs_of(entry: LedgerEntry) -> list[LedgerEntry]:
    """What is taken back together: the entry, and the other leg of a transfer."""
    other = other_leg(entry)
    return [entry] if other is None else [entry, other]


def may_reverse(actor: Actor, entry: LedgerEntry) -> bool:
    """Whether the entry is the actor's to take back: it bills the balance.

    A transfer is its customer's, who has moved it, not that of the owner who sees one leg of it.
    """
    if entry.kind == EntryKind.TRANSFER:
        is_mine = entry.customer_id == actor.customer_id
    else:
        is_mine = entry.issuer_id == actor.customer_id
    return is_mine and actor.can("money.manage")


def why_not(entry: LedgerEntry) -> tuple[str, str] | None:
    """Code and words of what forbids to take ``entry`` back; None where it can be."""
    if entry.kind not in REVERSIBLE:
        return "kind", _("An entry of this kind is not reversed.")
    if entry.invoice_id is not None:
        return "invoiced", _("It belongs to an invoice: void that, or issue a credit note.")
    if entry.source == "online":
        return "online", _("It was paid online: a refund at the provider takes it back.")
    if end_of(entry.balance) is not None:
        return "ended", _("The balance has ended: nothing is posted to it any more.")
    if LedgerEntry.objects.filter(reverses=entry).exists():
        return "reversed", _("It is reversed already.")
    return None
