"""Credit notes: money back on an issued invoice, by a document with a number of its own series."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db import transaction
from django.db.models import Sum
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import EntryKind, InvoiceKind, InvoiceState, LineKind, TaxMode
from billing.models import Invoice, InvoiceLine, InvoiceTax
from billing.selectors.parties import party_data, payer_data
from billing.services.issuing import local_day, lock_invoice, money_text, record_of
from billing.services.ledger import Posting, post_entry
from billing.services.maintenance import check_biller, check_reason, posted_as
from billing.services.numbers import next_number
from billing.services.periods import periods_for
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from softswitch.core.money import ZERO, half_up, minor_units

SOURCE = "credit_note"
_INSTANT = timedelta(microseconds=1)


def issue_credit_note(
    *, actor: Actor, invoice: Invoice, amount: Decimal, reason: str, key: str
) -> Invoice:
    """Credit ``amount`` (gross, in its currency) of an issued invoice of the actor's.

    The taxes are credited in proportion: all credit notes of an invoice never credit another tax
    than it bills. Posts the amount to the open period; it settles that invoice first, then the
    oldest open ones. ``key`` comes with the form, so pressing twice issues one. Atomic with the
    audit row; locks the balance, the invoice, then the counter of numbers. Raises PermissionDenied
    for who does not bill the balance, DomainError ``reason``, ``amount``, ``state`` or
    ``key_reused``.
    """
    check_biller(actor, invoice.balance)
    check_reason(reason)
    key = f"credit_note:{key}:{invoice.pk}"
    moment = now()
    with transaction.atomic():
        period_at = _period_at(invoice, moment)
        periods_for({invoice.balance_id: invoice.balance}, [(invoice.balance_id, period_at)])
        locked = lock_invoice(invoice)
        repeat = _issued_as(key, amount)
        if repeat is not None:
            return repeat
        credited = _check(locked, amount)
        note = _draft(locked, amount, credited, reason.strip())
        _number(note)
        _post(actor, note, key, moment, period_at)
        changes: dict[str, list[object]] = {
            "total": ["", money_text(note)],
            "corrects": ["", locked],
            "reason": ["", note.reason],
        }
        record_of(actor, note, "credit_note_issued", changes)
        enqueue("billing.render_invoice", invoice_id=note.pk)
    return note


def _post(actor: Actor, note: Invoice, key: str, at: datetime, period_at: datetime) -> None:
    posting = Posting(
        kind=EntryKind.CREDIT_NOTE,
        amount=note.total,
        currency=note.currency_id,
        key=key,
        notes=note.number,
        source=SOURCE,
        invoice=note,
    )
    post_entry(actor=actor, balance_id=note.balance_id, posting=posting, at=at, period_at=period_at)


def _period_at(invoice: Invoice, moment: datetime) -> datetime:
    """Now, or the last instant of a balance that a move has closed: it opens no more periods."""
    balance = invoice.balance
    last = balance.closed_at - _INSTANT if balance.closed_at else moment
    return max(min(moment, last), balance.opened_at)


def _issued_as(key: str, amount: Decimal) -> Invoice | None:
    """The credit note already made under this key; refuses a key that made another."""
    entry = posted_as(key)
    if entry is None:
        return None
    if entry.amount != amount:
        raise DomainError("key_reused", _("This form was already used for another posting."))
    return entry.invoice


def _check(locked: Invoice, amount: Decimal) -> Decimal:
    """What was credited of the invoice before; refuses more than is left of it."""
    if locked.kind != InvoiceKind.INVOICE or locked.state != InvoiceState.ISSUED:
        raise DomainError("state", _("Only an issued invoice can be credited."))
    found = locked.credit_notes.aggregate(total=Sum("total"))["total"]
    credited: Decimal = found or ZERO
    if not amount.is_finite() or amount <= 0:
        raise DomainError("amount", _("Enter an amount above 0."), field="amount")
    decimals = minor_units(locked.currency_id)
    if amount != half_up(Fraction(amount), decimals):
        message = _("Enter at most %(decimals)s decimals.") % {"decimals": decimals}
        raise DomainError("amount", message, field="amount")
    if credited + amount > locked.total:
        message = _("Only %(left)s of this invoice can still be credited.")
        left = f"{max(ZERO, locked.total - credited).normalize():f}"
        raise DomainError("amount", message % {"left": left}, field="amount")
    return credited


def _draft(locked: Invoice, amount: Decimal, credited: Decimal, reason: str) -> Invoice:
    """The credit note with its lines and taxes, not yet issued: what is issued takes no lines."""
    taxes, untaxed = _taxes(locked, amount, credited)
    tax = sum((row.amount for row in taxes), ZERO)
    note = Invoice.objects.create(
        kind=InvoiceKind.CREDIT_NOTE,
        issuer_id=locked.issuer_id,
        customer_id=locked.customer_id,
        account_id=locked.account_id,
        balance=locked.balance,
        mode=locked.mode,
        currency_id=locked.currency_id,
        net=amount - tax,
        tax=tax,
        total=amount,
        tax_mode=locked.tax_mode,
        tax_category=locked.tax_category,
        tax_reason=locked.tax_reason,
        terms=locked.terms,
        logo_id=locked.logo_id,
        reason=reason,
        corrects=locked,
    )
    for row in taxes:
        row.invoice = note
    lines = amount - tax if locked.tax_mode == TaxMode.ADDED else amount
    InvoiceLine.objects.bulk_create(_lines(note, lines - untaxed, untaxed, is_taxed=bool(taxes)))
    InvoiceTax.objects.bulk_create(taxes)
    return note


def _lines(
    note: Invoice, amount: Decimal, untaxed: Decimal, *, is_taxed: bool
) -> Iterator[InvoiceLine]:
    """A line of what is credited as the invoice taxed it, and one of what bore no tax beside it."""
    text = _("Credit on invoice %(number)s")
    parts = [
        (text, amount, is_taxed),
        (_("Credit on invoice %(number)s, not taxed"), untaxed, False),
    ]
    kept = [part for part in parts if part[1]]
    for position, (words, part, has_tax) in enumerate(kept, 1):
        yield InvoiceLine(
            invoice=note,
            position=position,
            kind=LineKind.ADJUSTMENT,
            description=(words % {"number": note.corrects})[:200],
            exact=part,
            amount=part,
            is_taxed=has_tax,
        )


def _taxes(locked: Invoice, amount: Decimal, credited: Decimal) -> tuple[list[InvoiceTax], Decimal]:
    """Each rate's share of all credits so far, less what was credited before; and what bore none.

    The bases are what these leave of ``amount``, so that the sums are those of the lines.
    """
    decimals = minor_units(locked.currency_id)

    def share(whole: Decimal) -> Decimal:
        """What of ``whole`` this credit takes."""
        after, before = (
            half_up(Fraction(whole) * Fraction(sum_) / Fraction(locked.total), decimals)
            for sum_ in (credited + amount, credited)
        )
        return after - before

    billed = list(locked.taxes.all())
    if not billed:
        return [], ZERO
    amounts = [share(row.amount) for row in billed]
    untaxed = share(locked.net - billed[0].base)
    base, before, taxes = amount - sum(amounts, ZERO) - untaxed, ZERO, []
    for row, tax in zip(billed, amounts, strict=True):
        taxes.append(
            InvoiceTax(
                position=row.position,
                name=row.name,
                percent=row.percent,
                is_compound=row.is_compound,
                base=base + before if row.is_compound else base,
                amount=tax,
            )
        )
        before += tax
    return taxes, untaxed


def _number(note: Invoice) -> None:
    day = local_day(note)
    note.series, note.number = next_number(
        issuer_id=note.issuer_id, pattern=str(note.terms.get("credit_series") or "CN-"), day=day
    )
    note.state, note.issued_at, note.issued_on = InvoiceState.ISSUED, now(), day
    note.issuer_data = party_data(note.issuer)
    note.customer_data = payer_data(note.balance)
    note.save()
