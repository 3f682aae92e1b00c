"""Stores drafts: rows of invoices, taxes and lines in bulk, for one period or for hundreds."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from billing.choices import InvoiceState, PeriodOutcome
from billing.models import BillingPeriod, Invoice, InvoiceTax
from billing.services.drafts.computing import Draft, compute
from billing.services.drafts.lines import Billed, Line

_LINES = f"COPY billing_invoiceline (invoice_id, position, {', '.join(Line._fields)}) FROM STDIN"


def draft_periods(
    periods: Sequence[BillingPeriod], *, moment: datetime
) -> dict[int, PeriodOutcome]:
    """Store a draft for each period that has something to invoice; what came of each, by its id.

    The periods are closed and have no invoice but voided ones, and the caller's transaction holds
    the locks of their balances; the outcome is the caller's to store. A number of statements that
    does not grow with the periods: hundreds at once. ``moment`` is that of the closing.
    """
    drafts = compute(periods, moment=moment)
    wanted = [draft for draft in drafts if draft.outcome == PeriodOutcome.DRAFTED]
    if wanted:
        _create(wanted)
    return {draft.billed.period.pk: draft.outcome for draft in drafts}


def _create(drafts: Sequence[Draft]) -> None:
    voided = _voided(drafts)
    invoices = [
        Invoice(
            **values_of(draft),
            **_parties(draft),
            issue_after=_issue_after(draft.billed),
            replaces_id=voided.get(draft.billed.period.pk),
        )
        for draft in drafts
    ]
    Invoice.objects.bulk_create(invoices)
    store_parts(list(zip(invoices, drafts, strict=True)))


def _issue_after(billed: Billed) -> datetime | None:
    """When it is issued by itself; what late calls left on an ended balance waits for a person."""
    return None if billed.is_after_end else billed.terms.issue_after


def _voided(drafts: Sequence[Draft]) -> dict[int, int]:
    """The voided invoice of each period that none has replaced yet."""
    rows = Invoice.objects.filter(
        period__in=[draft.billed.period.pk for draft in drafts],
        state=InvoiceState.VOID,
        replaced_by=None,
    )
    return dict(rows.order_by("issued_at").values_list("period_id", "pk"))


def _parties(draft: Draft) -> dict[str, Any]:
    balance = draft.billed.balance
    return {
        "issuer_id": balance.issuer_id,
        "customer_id": balance.customer_id,
        "account_id": balance.account_id,
        "balance_id": balance.pk,
        "period_id": draft.billed.period.pk,
    }


def values_of(draft: Draft) -> dict[str, Any]:
    """The columns of an invoice that are computed anew whenever its draft is."""
    terms, sums, posted = draft.billed.terms, draft.sums, draft.posted
    return {
        "mode": draft.billed.balance.mode,
        "currency_id": draft.billed.balance.currency_id,
        "net": sums.net,
        "tax": sums.tax,
        "total": sums.total,
        "previous_balance": posted.previous,
        "payments": posted.payments,
        "other": posted.other,
        "closing_balance": draft.closing_balance,
        "amount_due": draft.amount_due,
        "tax_mode": terms.taxation.mode,
        "tax_category": terms.tax_category,
        "tax_reason": terms.tax_reason,
        "terms": terms.stored | {"timezone": str(draft.billed.period.timezone)},
        "logo_id": terms.logo_id,
    }


def store_parts(drafts: Sequence[tuple[Invoice, Draft]]) -> None:
    """Store the lines and taxes of invoices that have none yet."""
    InvoiceTax.objects.bulk_create(
        InvoiceTax(
            invoice=invoice,
            position=position,
            name=taxed.rate.name,
            percent=taxed.rate.percent,
            is_compound=taxed.rate.is_compound,
            base=taxed.base,
            amount=taxed.amount,
        )
        for invoice, draft in drafts
        for position, taxed in enumerate(draft.sums.taxes, 1)
    )
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(_LINES) as copy,
    ):
        for row in _rows(drafts):
            copy.write_row(row)


def _rows(drafts: Sequence[tuple[Invoice, Draft]]) -> Iterator[tuple[Any, ...]]:
    for invoice, draft in drafts:
        for position, line in enumerate(draft.lines, 1):
            yield invoice.pk, position, *line
