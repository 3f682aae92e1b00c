"""Somebody before the pages of invoices, and invoices of the shop to look at."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from billing.models import Invoice
from billing.services.credit_notes import issue_credit_note
from billing.services.issuing import issue_invoice
from customers.models import User
from tests.billing.invoices import MARCH, draft_of, post
from tests.world import World

MONTH = timedelta(days=31)


def browser(world: World, who: str) -> Client:
    return signed_in(world.user(who))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"billing:{name}", args=args)


def shop_draft(world: World, number: int = 0, *, debit: str = "60", **facts: Any) -> Invoice:
    """A draft for the shop, of March or a later month: one debit of 60 GBP and 20 % tax."""
    at = MARCH + number * MONTH
    balance = world.balance("shop")
    post(balance, "debit", f"-{debit}", at, notes=f"Set-up {number}")
    return draft_of(balance, at, taxes=["20"], **facts)


def issued(world: World, number: int = 0, **facts: Any) -> Invoice:
    actor = world.actor("sub_reseller")
    return issue_invoice(actor=actor, invoice=shop_draft(world, number, **facts))


def titles(answer: Any) -> list[str]:
    """The numbers of the rows of a list."""
    return [row.record.title for row in answer.context["table"].page.object_list]


def shown(client: Client, invoice: Invoice) -> str:
    answer = client.get(url("invoice_detail", invoice.pk))
    assert answer.status_code == 200
    return answer.content.decode()


def credit_note(world: World, invoice: Invoice, amount: str) -> Invoice:
    return issue_credit_note(
        actor=world.actor("sub_reseller"),
        invoice=invoice,
        amount=Decimal(amount),
        reason="Agreed",
        key=str(uuid4()),
    )
