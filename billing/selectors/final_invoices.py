"""What the final invoices of balances that are to end would bill, and what becomes of it."""

from typing import Any

from django.db.models import Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.choices import NEVER, FinalInvoice, InvoiceKind, InvoiceState
from billing.models import Balance, BillingPeriod, Invoice
from customers.models import Customer
from softswitch.core.display import date_text, number_text


def final_invoice_choices() -> list[tuple[str, Any]]:
    """What can become of the drafts of a balance that ends."""
    return [(choice.value, choice.label) for choice in FinalInvoice]


def own_balances(*customers: Customer) -> QuerySet[Balance]:
    """What ends with customers: the balance with the present owner, and those of accounts."""
    found: QuerySet[Balance] = Balance.objects.filter(customer__in=customers, closed_at=None)
    return found


def final_invoice_of(balance: Balance) -> str:
    """``final_invoice_text`` of one balance."""
    return final_invoice_text(Balance.objects.filter(pk=balance.pk))


def final_invoice_text(rows: QuerySet[Balance]) -> str:
    """What would be billed of ``rows`` if they ended now, in a sentence for who decides it."""
    closed = BillingPeriod.objects.filter(balance=OuterRef("pk"), closed_at__isnull=False)
    last = Subquery(closed.order_by("-ends_at").values("ends_at")[:1])
    running = rows.exclude(closes_at=NEVER).annotate(start=Coalesce(last, "opened_at"))
    since = running.aggregate(since=Min("start"))["since"]
    drafts = Invoice.objects.filter(
        balance__in=rows, kind=InvoiceKind.INVOICE, state=InvoiceState.DRAFT
    ).count()
    if since is None and not drafts:
        return _("None: nothing is left to bill.")
    text = (
        _(
            "Bills calls, adjustments, fees and taxes since %(day)s, where there are any; "
            "what it adds is settled with the balance."
        )
        % {"day": date_text(since)}
        if since
        else ""
    )
    return " ".join(filter(None, [text, _drafts_text(drafts)]))


def _drafts_text(count: int) -> str:
    if not count:
        return ""
    text = ngettext(
        "%(count)s draft that waits goes the same way.",
        "%(count)s drafts that wait go the same way.",
        count,
    )
    return text % {"count": number_text(count)}
