"""Makes, refreshes and discards the draft of one closed period, by hand."""

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import InvoiceKind, InvoiceState, PeriodOutcome
from billing.models import Balance, BillingPeriod, Invoice
from billing.services.drafts.computing import compute
from billing.services.drafts.storing import draft_periods, store_parts, values_of
from billing.services.maintenance import check_biller, check_reason
from customers.services.audit import changed, record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

_SUMS = frozenset({"net", "tax", "total", "previous_balance", "payments", "other"})


def make_draft(*, actor: Actor, period: BillingPeriod) -> Invoice:
    """A draft for a closed period without an invoice; it waits for a person to issue it.

    One transaction with the audit row, under the lock of the balance. Made again after a voided
    invoice, it replaces that one. Raises PermissionDenied, or DomainError ``open`` (the period is
    not closed), ``exists`` (it has an invoice) or ``nothing`` (there is nothing to invoice).
    """
    check_biller(actor, period.balance)
    with transaction.atomic():
        balance = _locked(period.balance_id)
        fresh = BillingPeriod.objects.get(pk=period.pk)
        if fresh.closed_at is None:
            raise DomainError("open", _("This period is not closed yet."))
        live = Invoice.objects.filter(period=fresh, kind=InvoiceKind.INVOICE)
        if live.exclude(state=InvoiceState.VOID).exists():
            raise DomainError("exists", _("This period has an invoice."))
        fresh.outcome = draft_periods([fresh], moment=now())[fresh.pk]
        if fresh.outcome != PeriodOutcome.DRAFTED:
            raise DomainError("nothing", _("There is nothing to invoice."))
        fresh.save(update_fields=["outcome"])
        invoice: Invoice = live.get(state=InvoiceState.DRAFT)
        invoice.issue_after = None
        invoice.save(update_fields=["issue_after"])
        _record(actor, balance, "invoice_drafted", invoice, {"total": ["", invoice.total]})
    return invoice


def refresh_draft(*, actor: Actor, invoice: Invoice) -> Invoice:
    """Compute a draft anew, by the terms of now; what it replaces stays.

    One transaction with the audit row, under the lock of the balance. Raises PermissionDenied, or
    DomainError ``issued`` where it is no draft any more.
    """
    check_biller(actor, invoice.balance)
    with transaction.atomic():
        balance = _locked(invoice.balance_id)
        fresh = _locked_draft(invoice)
        before = {name: getattr(fresh, name) for name in _SUMS}
        recompute(invoice=fresh)
        differences: dict[str, list[object]] = {
            name: [value, getattr(fresh, name)]
            for name, value in before.items()
            if value != getattr(fresh, name)
        }
        _record(actor, balance, "invoice_refreshed", fresh, differences)
    return fresh


def recompute(*, invoice: Invoice) -> None:
    """Compute a draft anew in the caller's transaction, which holds its balance and its row.

    A draft that has nothing to invoice any more stays, at 0, and is not issued by itself.
    """
    period = BillingPeriod.objects.get(invoices=invoice)
    (draft,) = compute([period], moment=now(), ignoring=[invoice.pk])
    values = values_of(draft) | {"problem": ""}
    if draft.outcome != PeriodOutcome.DRAFTED:
        values["issue_after"] = None
    differences = changed(invoice, values)
    if differences:
        invoice.save(update_fields=sorted(differences))
    invoice.lines.all().delete()
    invoice.taxes.all().delete()
    store_parts([(invoice, draft)])


def discard_draft(*, actor: Actor, invoice: Invoice, reason: str) -> None:
    """Delete a draft; its period stays closed without an invoice, until one is made again.

    One transaction with the audit row, under the lock of the balance. Raises PermissionDenied, or
    DomainError ``reason`` (empty) or ``issued`` (it is no draft any more).
    """
    check_biller(actor, invoice.balance)
    drop_draft(actor=actor, invoice=invoice, reason=reason)


def drop_draft(*, actor: Actor, invoice: Invoice, reason: str) -> None:
    """``discard_draft`` for who ends the balance: the right to that was checked."""
    check_reason(reason)
    with transaction.atomic():
        balance = _locked(invoice.balance_id)
        fresh = _locked_draft(invoice)
        why: dict[str, list[object]] = {"total": [fresh.total, ""], "reason": ["", reason.strip()]}
        _record(actor, balance, "invoice_discarded", fresh, why)
        BillingPeriod.objects.filter(invoices=fresh).update(outcome=PeriodOutcome.DISCARDED)
        fresh.delete()


def _locked(balance_id: int) -> Balance:
    rows = Balance.objects.select_related("customer", "issuer").select_for_update(
        no_key=True, of=("self",)
    )
    balance: Balance = rows.get(pk=balance_id)
    return balance


def _locked_draft(invoice: Invoice) -> Invoice:
    """The row, locked; who discards it at the same time leaves none."""
    row: Invoice | None = Invoice.objects.select_for_update().filter(pk=invoice.pk).first()
    if row is None:
        raise DomainError("gone", _("This draft was discarded."))
    if row.state != InvoiceState.DRAFT:
        raise DomainError("issued", _("This invoice is not a draft any more."))
    return row


def _record(
    actor: Actor, balance: Balance, action: str, invoice: Invoice, changes: dict[str, list[object]]
) -> None:
    """A draft is the issuer's own until it is issued; so is all of a customer that has left it.

    Who issues to its account is the customer itself, from whom a private event would be hidden.
    """
    is_closed = balance.closed_at is not None
    record(
        actor=actor,
        customer=balance.issuer if is_closed else balance.customer,
        action=action,
        subject=invoice,
        changes=changes,
        is_private=not is_closed and balance.account_id is None,
    )
