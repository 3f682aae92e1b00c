"""The letters of dunning: about one invoice, or about calls that stop and go on."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse

from billing.choices import DunningKind
from billing.models import Balance, DunningStep, Invoice
from billing.selectors.dunning import overdue_invoices
from billing.selectors.letter_links import invoice_url, overdue_url
from billing.selectors.parties import names_then, party, payer_data
from customers.models import User
from customers.tenancy import Actor
from notifications.choices import Event
from notifications.services.events import News, tell
from notifications.values import Link, Money, Value
from softswitch.core.money import ZERO


def recipients_of(balances: Collection[Balance]) -> dict[int, str]:
    """Where letters about each balance go: the billing e-mail, else the main one.

    Of who has left the issuer the one that it had then; for an account it is the address of its
    first open login. Empty where there is none. One statement at most; customers must be loaded.
    """
    accounts = [row.account_id for row in balances if row.account_id is not None]
    logins = User.objects.filter(account__in=accounts, is_active=True).exclude(email="")
    by_account = dict(logins.order_by("-pk").values_list("account", "email")) if accounts else {}
    return {
        row.pk: payer_data(row)["email"]
        if row.account_id is None
        else by_account.get(row.account_id, "")
        for row in balances
    }


def mail_reminder(
    *, actor: Actor, step: DunningStep, invoice: Invoice, stops_on: date | None
) -> None:
    """Queue the letter of ``step`` about one open invoice, in the transaction that made the step.

    ``stops_on``: the day from which calls stop, where they will. Without an address nothing is
    sent; ``step.recipient`` says so.
    """
    is_before = step.kind == DunningKind.REMINDER_BEFORE
    currency = invoice.currency_id
    values: dict[str, Value] = {
        "invoice.number": invoice.number,
        "invoice.open": Money(invoice.open_amount, currency),
        "invoice.total": Money(invoice.total, currency),
        "invoice.due_on": invoice.due_on,
        "invoice_link": Link(invoice_url(invoice.pk)),
    }
    if not is_before:
        values["stops_on"] = stops_on
    event = Event.INVOICE_DUE if is_before else Event.INVOICE_OVERDUE
    _tell(actor, step, event, values, reverse("billing:invoice_detail", args=[invoice.pk]))


def mail_state(*, actor: Actor, step: DunningStep, moment: Any) -> None:
    """Queue the letter that says that calls stop, or go on (until the day of a promise)."""
    is_stop = step.kind == DunningKind.SUSPENDED
    owed = overdue_invoices(moment).filter(balance=step.balance)
    sums = owed.aggregate(count=Count("pk"), amount=Sum("open_amount", default=ZERO))
    balance: Any = step.balance
    values: dict[str, Value] = {
        "overdue.amount": Money(sums["amount"], balance.currency_id),
        "overdue_link": Link(overdue_url()) if sums["count"] else None,
    }
    if is_stop:
        values["overdue.count"] = sums["count"] or None
    else:
        values["promised_until"] = step.suspension.promised_until if step.suspension else None
    _tell(actor, step, Event.SUSPENDED if is_stop else Event.LIFTED, values)


def _tell(
    actor: Actor, step: DunningStep, event: Event, values: dict[str, Value], path: str = ""
) -> None:
    """Once per step: its key is the step's."""
    balance: Any = step.balance
    payer = party(payer_data(balance)).name
    news = News(
        event=event,
        owner=balance.issuer,
        customer=balance.customer,
        account_id=balance.account_id,
        recipients=[step.recipient],
        values=values | names_then(balance) | {"customer.company": payer},
        key=f"dunning:{step.pk}",
        path=path,
    )
    tell(actor=actor, news=news)
