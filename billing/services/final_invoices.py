"""Ends balances for good: what is open closes, its invoices are issued or not, the rest settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from billing.choices import SURPLUS, EntryKind, FinalInvoice, InvoiceKind, InvoiceState
from billing.models import Balance, Invoice
from billing.services.drafts import drop_draft
from billing.services.issuing import issue_draft
from billing.services.maintenance import check_reason, post_rest
from customers.tenancy import Actor
from softswitch.core.errors import DomainError


@dataclass(frozen=True, slots=True)
class Ending:
    """What its owner decided about money that ends: its drafts, a positive rest, and why."""

    final_invoice: str
    surplus: str
    reason: str


def check_choices(*, surplus: str, final_invoice: str) -> None:
    """Refuse (DomainError ``surplus``, ``final_invoice``) what is no choice."""
    if surplus not in SURPLUS:
        raise DomainError("surplus", _("Choose what happens to the balance."), field="surplus")
    check_final_invoice(final_invoice)


def check_final_invoice(final_invoice: str) -> None:
    """Refuse (DomainError ``final_invoice``) what is no choice."""
    if final_invoice not in FinalInvoice.values:
        raise DomainError(
            "final_invoice", _("Choose what happens to the final invoice."), field="final_invoice"
        )


def bill_rest(*, actor: Actor, balances: Sequence[Balance], ending: Ending) -> None:
    """Issue, or discard, all drafts of locked balances, of each in the order of its periods.

    Drafts of periods that closed before are among them: none may post to what has ended. Part of
    the caller's transaction, which has checked that the actor may end them; raises DomainError as
    ``issue_invoice`` and ``discard_draft`` do.
    """
    drafts = Invoice.objects.filter(
        balance__in=balances, kind=InvoiceKind.INVOICE, state=InvoiceState.DRAFT
    )
    for draft in drafts.order_by("balance", "period__starts_at"):
        if ending.final_invoice == FinalInvoice.ISSUE:
            issue_draft(actor=actor, invoice=draft)
        else:
            drop_draft(actor=actor, invoice=draft, reason=ending.reason)


def settle_rest(*, actor: Actor, balance: Balance, ending: Ending, key: str, at: datetime) -> None:
    """Bring a locked balance to exactly 0, once what is billed stands in it.

    By a write-off, which settles what its invoices leave open, or by what is to become of a
    surplus; it belongs to the period after the last one, which is closed. Part of the caller's
    transaction.
    """
    fresh = Balance.objects.get(pk=balance.pk)
    if not fresh.amount:
        return
    check_reason(ending.reason)
    kind = EntryKind.WRITE_OFF.value if fresh.amount < 0 else ending.surplus
    if kind not in (*SURPLUS, EntryKind.WRITE_OFF):
        raise DomainError("surplus", _("Choose what happens to the balance."), field="surplus")
    post_rest(actor=actor, locked=fresh, kind=kind, reason=ending.reason, key=key, at=at)
