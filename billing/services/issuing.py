"""Issues drafts: the number, what is posted to the closed period, and the copies that stay."""

import logging
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import DataError, IntegrityError, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import EntryKind, InvoiceKind, InvoiceState, LineKind, TaxMode
from billing.models import Balance, Invoice
from billing.selectors.parties import party_data, payer_data
from billing.selectors.period_sums import PeriodSums, period_sums
from billing.services.allocations import settle
from billing.services.closing_failures import tell_draft_failure
from billing.services.ledger import Posting, post_entry
from billing.services.maintenance import check_biller
from billing.services.numbers import next_number
from customers.selectors import system_actor
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.display import days_text
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from softswitch.core.money import ZERO

logger = logging.getLogger(__name__)

SOURCE = "invoice"
BATCH = 500
DUE_DAYS = 14  # where the draft names no payment term
_LEDGER_LINES = (LineKind.USAGE, LineKind.LATE, LineKind.ADJUSTMENT)
_POSTED_LINES = {
    LineKind.FEE.value: EntryKind.FEE,
    LineKind.SURCHARGE.value: EntryKind.SURCHARGE,
    LineKind.MINIMUM.value: EntryKind.MINIMUM,
}
# What one bad draft can raise; it holds up no other.
_DATA_ERRORS = (ArithmeticError, ValueError, LookupError, DataError, IntegrityError)


def issue_invoice(*, actor: Actor, invoice: Invoice, issued_on: date | None = None) -> Invoice:
    """Issue a draft of the actor's: number, entries, copies of both parties; pressing twice is one.

    Posts its fees, surcharge, minimum, tax and rounding to the closed period, so that with its
    calls and adjustments they are the total; then free money settles it. ``issued_on`` (default:
    today in the issuer's time zone) says the year of the series. Atomic with the audit row; locks
    the balance, the invoice, then the counter of numbers. Raises PermissionDenied for who does not
    bill the balance, DomainError ``state`` (void or discarded), ``earlier_draft``, ``open_period``,
    ``stale`` (the period holds something else than the draft bills) or ``issued_on``.
    """
    check_biller(actor, invoice.balance)
    return issue_draft(actor=actor, invoice=invoice, issued_on=issued_on)


def issue_draft(*, actor: Actor, invoice: Invoice, issued_on: date | None = None) -> Invoice:
    """``issue_invoice`` for who ends the balance: the right to that was checked, none to issue."""
    with transaction.atomic():
        locked = lock_invoice(invoice)
        if locked.state == InvoiceState.ISSUED:
            return locked
        check_turn(locked)
        day = _day_of_issue(locked, issued_on)
        locked.series, locked.number = next_number(
            issuer_id=locked.issuer_id, pattern=_pattern(locked), day=day
        )
        _sum_up(locked, _post(actor, locked))
        _freeze(locked, day)
        locked.save()
        settle(locked.balance_id)
        record_of(actor, locked, "invoice_issued", {"total": ["", money_text(locked)]})
        enqueue("billing.render_invoice", invoice_id=locked.pk)
    locked.refresh_from_db(fields=["open_amount"])
    return locked


def issue_due(*, moment: datetime, limit: int = BATCH) -> int:
    """Issue the drafts whose ``issue_after`` has come, one transaction each; returns how many.

    What another worker is at is left to it (SKIP LOCKED); what is refused, or fails on its data
    (that is logged), keeps the reason in ``problem`` and is tried again after all others; its
    issuer is told when there is another reason than before. At most
    ``limit`` per call. Safe to repeat.
    """
    return sum(_issue_one(invoice) for invoice in _due(moment, limit))


def lock_invoice(invoice: Invoice) -> Invoice:
    """``invoice`` as it is under the locks of its balance and itself; raises DomainError ``state``.

    Its ``balance`` is the row as locked. NO KEY: dunning has written steps that name the invoice
    when it comes to lock the balance.
    """
    balance = Balance.objects.select_for_update(no_key=True).get(pk=invoice.balance_id)
    rows = Invoice.objects.select_for_update(no_key=True, of=("self",)).filter(pk=invoice.pk)
    locked: Invoice | None = rows.select_related("period", "issuer", "customer").first()
    if locked is None:
        raise DomainError("state", _("This draft was discarded."))
    locked.balance = balance
    return locked


def check_turn(locked: Invoice) -> None:
    """Refuse what is no draft, what bills an open period, and what an earlier draft goes before."""
    if locked.state != InvoiceState.DRAFT or locked.period is None:
        raise DomainError("state", _("This invoice is void."))
    if locked.period.closed_at is None:
        raise DomainError("open_period", _("This billing period is not closed yet."))
    earlier = Invoice.objects.filter(
        balance=locked.balance_id,
        kind=InvoiceKind.INVOICE,
        state=InvoiceState.DRAFT,
        period__starts_at__lt=locked.period.starts_at,
    )
    first = earlier.select_related("period").order_by("period__starts_at").first()
    if first is not None:
        message = _("The draft of %(period)s comes first: issue or discard it.")
        raise DomainError("earlier_draft", message % {"period": period_text(first)})


def record_of(
    actor: Actor, invoice: Invoice, action: str, changes: dict[str, list[object]]
) -> None:
    """The audit row of a document; that of an owner that the customer has left is the owner's."""
    is_closed = invoice.balance.closed_at is not None
    record(
        actor=actor,
        customer=invoice.issuer if is_closed else invoice.customer,
        action=action,
        subject=invoice,
        changes=changes,
    )


def money_text(invoice: Invoice) -> str:
    """The total as the audit log says it."""
    return f"{invoice.total.normalize():f} {invoice.currency_id}"


def period_text(invoice: Invoice) -> str:
    """First and last local day of what ``invoice`` bills."""
    period = invoice.period
    if period is None:
        return ""
    zone = ZoneInfo(str(period.timezone))
    first, last = (at.astimezone(zone).date() for at in (period.starts_at, period.last_instant))
    return days_text(first, last)


def local_day(invoice: Invoice) -> date:
    """Today where the issuer is."""
    return now().astimezone(ZoneInfo(str(invoice.issuer.timezone))).date()


def _day_of_issue(locked: Invoice, issued_on: date | None) -> date:
    today = local_day(locked)
    if issued_on is not None and issued_on > today:
        raise DomainError("issued_on", _("This day is still to come."), field="issued_on")
    return issued_on or today


def _pattern(locked: Invoice) -> str:
    """The series as the invoice settings have it, which the draft keeps."""
    return locked.series or str(locked.terms.get("series") or "INV-")


def _post(actor: Actor, locked: Invoice) -> PeriodSums:
    """Post what the draft adds to its period; returns what the period holds with it."""
    if locked.period is None:
        raise DomainError("state", _("This invoice bills no billing period."))
    sums = period_sums(locked.period)
    amounts = _amounts(locked, sums)
    at = now()
    for kind, amount in amounts.items():
        posting = Posting(
            kind=kind,
            amount=amount,
            currency=locked.currency_id,
            key=f"invoice:{locked.pk}:{kind}",
            notes=locked.number,
            source=SOURCE,
            invoice=locked,
        )
        post_entry(
            actor=actor,
            balance_id=locked.balance_id,
            posting=posting,
            at=at,
            period=locked.period,
        )
    return replace(sums, entries=sums.entries + sum(amounts.values(), ZERO))


def _amounts(locked: Invoice, sums: PeriodSums) -> dict[EntryKind, Decimal]:
    """What is posted by kind, signed; raises DomainError ``stale`` where the draft bills else."""
    exact = ZERO
    amounts = dict.fromkeys(
        (EntryKind.FEE, EntryKind.SURCHARGE, EntryKind.MINIMUM, EntryKind.TAX), ZERO
    )
    for kind, of_ledger, amount in locked.lines.values_list("kind", "exact", "amount"):
        if kind in _LEDGER_LINES:
            exact += of_ledger
        else:
            amounts[_POSTED_LINES[kind]] -= amount
    if sums.usage + sums.adjusted != -exact:
        raise DomainError("stale", _("The period has changed: compute the draft anew."))
    if locked.tax_mode == TaxMode.ADDED:
        amounts[EntryKind.TAX] = -locked.tax
    amounts[EntryKind.ROUNDING] = exact - locked.total - sum(amounts.values(), ZERO)
    return {kind: amount for kind, amount in amounts.items() if amount}


def _sum_up(locked: Invoice, sums: PeriodSums) -> None:
    """The balances before and after the period, as they are with what was posted just now."""
    balance = Balance.objects.get(pk=locked.balance_id)
    locked.closing_balance = balance.amount - sums.later
    locked.previous_balance = locked.closing_balance - sums.whole
    locked.payments = sums.paid
    locked.other = sums.whole + locked.total - sums.paid
    locked.amount_due = max(ZERO, -locked.closing_balance)


def _freeze(locked: Invoice, day: date) -> None:
    """What of the parties and the terms stays as it is now."""
    locked.state = InvoiceState.ISSUED
    locked.issued_at, locked.issued_on = now(), day
    locked.due_on = day + timedelta(days=int(locked.terms.get("due_days", DUE_DAYS)))
    locked.issuer_data = party_data(locked.issuer)
    locked.customer_data = payer_data(locked.balance)
    locked.open_amount = max(ZERO, locked.total)
    locked.problem = ""


def _due(moment: datetime, limit: int) -> list[Invoice]:
    """Drafts in the order of their periods, those that were refused before after all others."""
    rows = Invoice.objects.filter(state=InvoiceState.DRAFT, issue_after__lte=moment)
    refused_last = ExpressionWrapper(~Q(problem=""), output_field=BooleanField())
    ordered = rows.order_by(refused_last, "period__starts_at", "pk")
    related = ("balance__customer", "balance__account", "issuer", "period")
    return list(ordered.select_related(*related)[:limit])


def _issue_one(invoice: Invoice) -> bool:
    actor = replace(system_actor(), customer=invoice.issuer, stack=(invoice.issuer_id,))
    rows = Balance.objects.select_for_update(no_key=True, skip_locked=True)
    drafts = Invoice.objects.filter(pk=invoice.pk, state=InvoiceState.DRAFT)
    try:
        with transaction.atomic():
            is_mine = rows.filter(pk=invoice.balance_id).first() is not None and drafts.exists()
            if is_mine:
                issue_invoice(actor=actor, invoice=invoice)
    except DomainError as error:
        _refused(invoice, error, error.message)
        return False
    except _DATA_ERRORS as error:
        logger.exception("draft %s could not be issued", invoice.pk)
        _refused(invoice, error, _("It could not be issued; the log says why."))
        return False
    return is_mine


def _refused(invoice: Invoice, error: Exception, problem: str) -> None:
    """Keep the reason with the draft, and tell it where it is a new one."""
    drafts = Invoice.objects.filter(pk=invoice.pk, state=InvoiceState.DRAFT)
    with transaction.atomic():
        if drafts.exclude(problem=problem[:300]).update(problem=problem[:300]):
            tell_draft_failure(invoice=invoice, error=error)
