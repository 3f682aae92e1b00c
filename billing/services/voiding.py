"""Voids issued invoices, and bills their periods anew."""

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import EntryKind, InvoiceKind, InvoiceState
from billing.models import Invoice
from billing.services.allocations import settle, take_back
from billing.services.drafts import make_draft
from billing.services.issuing import SOURCE, lock_invoice, money_text, record_of
from billing.services.ledger import Posting, post_entry
from billing.services.maintenance import check_biller, check_reason
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.money import ZERO


def void_invoice(*, actor: Actor, invoice: Invoice, reason: str) -> Invoice:
    """Take back an issued invoice of the actor's; it keeps its number. Pressing twice is one.

    Reverses what issuing posted, in the same closed period; what had settled it is free again, and
    settles what else is open; its calls can be billed anew. Atomic with the audit row; locks the
    balance, then the invoice. Raises PermissionDenied for who does not bill the balance,
    DomainError ``reason`` (empty), ``state`` (a draft), ``credit_note`` or ``credited`` (a credit
    note stands against it).
    """
    check_biller(actor, invoice.balance)
    check_reason(reason)
    with transaction.atomic():
        locked = lock_invoice(invoice)
        if locked.state == InvoiceState.VOID:
            return locked
        _check(locked)
        _reverse(actor, locked, reason)
        take_back(locked.balance_id, invoice=locked.pk)
        take_back(locked.balance_id, source_invoice=locked.pk)
        locked.state, locked.open_amount = InvoiceState.VOID, ZERO
        locked.voided_at, locked.voided_by = now(), actor.user
        locked.reason = reason.strip()
        locked.save(update_fields=["state", "open_amount", "voided_at", "voided_by", "reason"])
        settle(locked.balance_id)
        changes: dict[str, list[object]] = {
            "total": [money_text(locked), ""],
            "reason": ["", locked.reason],
        }
        record_of(actor, locked, "invoice_voided", changes)
    return locked


def reissue_invoice(*, actor: Actor, invoice: Invoice) -> Invoice:
    """A draft that bills the period of a void invoice anew; it says which one it replaces.

    Pressing twice makes one. Raises PermissionDenied for who does not bill the balance, DomainError
    ``state`` for what is not void, and what ``make_draft`` raises. Locks the balance, the invoice.
    """
    check_biller(actor, invoice.balance)
    with transaction.atomic():
        locked = lock_invoice(invoice)
        made: Invoice | None = Invoice.objects.filter(replaces=locked).first()
        if made is not None:
            return made
        if locked.state != InvoiceState.VOID or locked.period is None:
            raise DomainError("state", _("Only a void invoice is issued again."))
        return make_draft(actor=actor, period=locked.period)


def _check(locked: Invoice) -> None:
    if locked.kind != InvoiceKind.INVOICE:
        raise DomainError("credit_note", _("A credit note stands; bill its amount instead."))
    if locked.state != InvoiceState.ISSUED:
        raise DomainError("state", _("A draft is discarded, not voided."))
    if locked.credit_notes.exists():
        raise DomainError("credited", _("There is a credit note for this invoice."))


def _reverse(actor: Actor, locked: Invoice, reason: str) -> None:
    at = now()
    for entry in locked.entries.filter(reverses=None).order_by("sequence"):
        posting = Posting(
            kind=EntryKind.REVERSAL,
            amount=-entry.amount,
            currency=locked.currency_id,
            key=f"{entry.idempotency_key}:v",
            notes=reason.strip()[:500],
            source=SOURCE,
            reverses=entry,
            invoice=locked,
        )
        post_entry(
            actor=actor,
            balance_id=locked.balance_id,
            posting=posting,
            at=at,
            period=locked.period,
        )
