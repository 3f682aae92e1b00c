"""Tells the issuer of a period that could not be closed, or of a draft that could not be issued.

Both are tried again with every run. What was told last stands on the row (``told_cause`` of a
period, ``problem`` of a draft), so that the same is not told again, however long it lasts.
"""

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from billing.models import Balance, BillingPeriod, Invoice
from billing.selectors.parties import party, payer_data
from customers.models import Customer
from customers.tenancy import Actor
from notifications.choices import Event
from notifications.services.events import News, tell
from notifications.values import Link
from softswitch.core.errors import DomainError


def tell_failure(*, balance_id: int, error: Exception) -> None:
    """Tell of the next period of a balance, once per period and reason; atomic."""
    balance = Balance.objects.select_related("issuer", "customer", "account").get(pk=balance_id)
    rows = BillingPeriod.objects.filter(balance=balance, closed_at=None)
    period = rows.filter(ends_at__gte=balance.closes_at).order_by("ends_at").first()
    if period is None:  # another worker has closed it meanwhile
        return
    cause = _cause(error)
    with transaction.atomic():
        if rows.filter(pk=period.pk).exclude(told_cause=cause).update(told_cause=cause):
            _tell(balance, period, error, key=f"closing:{period.pk}:{cause}")


def tell_draft_failure(*, invoice: Invoice, error: Exception) -> None:
    """Tell that a draft could not be issued, once per draft and reason.

    In the caller's transaction, which has put another ``problem`` on it.
    """
    if invoice.period is not None:
        key = f"draft:{invoice.pk}:{_cause(error)}"
        _tell(invoice.balance, invoice.period, error, key=key, draft=invoice)


def _tell(
    balance: Balance,
    period: BillingPeriod,
    error: Exception,
    *,
    key: str,
    draft: Invoice | None = None,
) -> None:
    first, last = period.days
    issuer: Customer = balance.issuer
    path = reverse("billing:closing_list")
    if draft is not None:
        path = reverse("billing:invoice_detail", args=[draft.pk])
    news = News(
        event=Event.CLOSING_FAILED,
        owner=issuer,
        customer=issuer,
        values={
            "payer": party(payer_data(balance)).name,
            "period.start": first,
            "period.end": last,
            "reason": _reason(issuer, error),
            "page_link": Link(settings.PORTAL_URL + path),
            "is_draft": draft is not None,
        },
        key=key,
        path=path,
    )
    tell(
        actor=Actor(user=None, customer=issuer, stack=(issuer.pk,), is_system=True),
        news=news,
    )


def _cause(error: Exception) -> str:
    return error.code if isinstance(error, DomainError) else type(error).__name__


def _reason(issuer: Customer, error: Exception) -> str:
    """What a person can read of it; what a database says may name rows of others."""
    if isinstance(error, DomainError):
        return error.message
    with override(issuer.language):
        kind = {"kind": type(error).__name__}
        return _("an error in its data (%(kind)s), which stands in the log of the system") % kind
