"""Online payments: who takes money online, what one owes, and automatic top-up."""

from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from billing.choices import InvoiceState
from billing.models import Balance, Invoice, OnlinePayment, PaymentProvider, TopUp
from billing.selectors.redeem import is_payable, own_balance
from customers.selectors.names import shown_name
from customers.tenancy import Actor
from softswitch.core.money import ZERO, minor_units
from tariffs.models import Currency, ExchangeRate


def provider_for(balance: Balance) -> PaymentProvider | None:
    """Where money can be paid into ``balance`` online: its issuer's, if on and in its currency."""
    rows = PaymentProvider.objects.filter(owner=balance.issuer_id, is_enabled=True)
    found: PaymentProvider | None = rows.filter(currencies__contains=[balance.currency_id]).first()
    return found


def own_provider(actor: Actor) -> PaymentProvider | None:
    """What the actor's customer has set up to be paid online."""
    found: PaymentProvider | None = (
        PaymentProvider.objects.visible_to(actor).filter(owner=actor.customer_id).first()
    )
    return found


def payable_online(actor: Actor) -> tuple[Balance, PaymentProvider] | None:
    """The own balance of the actor and where it is paid into online; None where it cannot be."""
    if not actor.can("payments.make") or (actor.is_root and actor.account_id is None):
        return None
    balance = own_balance(actor)
    if balance is None or not is_payable(balance):
        return None
    provider = provider_for(balance)
    return None if provider is None else (balance, provider)


def amount_due(balance: Balance) -> Decimal:
    """What is open of the invoices of ``balance``; without any, its debt; 0 where it owes none."""
    rows = Invoice.objects.filter(balance=balance, state=InvoiceState.ISSUED)
    total: Decimal | None = rows.aggregate(total=Sum("open_amount"))["total"]
    return total or max(ZERO, -balance.amount)


def offered_amount(balance: Balance, provider: PaymentProvider, due: Decimal) -> Decimal:
    """``due`` as it can be paid: within the provider's limits, rounded up to the minor unit."""
    amount = min(max(due, provider.minimum), provider.maximum)
    step = Decimal(1).scaleb(-minor_units(balance.currency_id))
    return min(amount.quantize(step, ROUND_CEILING), provider.maximum)


def online_shown_to(rows: QuerySet[OnlinePayment], actor: Actor) -> QuerySet[Any]:
    """``rows`` with their balances and ``customer_name``, as the actor may read it."""
    related = rows.select_related("balance__account", "balance__customer", "provider", "entry")
    return related.annotate(
        customer_name=shown_name(actor, "balance__customer", then="balance__closed_at")
    )


def top_up_of(balance: Balance) -> TopUp | None:
    """The automatic top-up of a balance, where a card was saved once."""
    found: TopUp | None = TopUp.objects.filter(balance=balance).first()
    return found


def payment_currencies(actor: Actor) -> list[tuple[str, str]]:
    """The currencies that an owner can choose to be paid in, as a form shows them.

    Those that its customers pay in, those with an exchange rate, and what was chosen before: the
    product knows three hundred, most of them history.
    """
    balances = Balance.objects.filter(issuer=actor.customer_id, closed_at=None)
    provider = own_provider(actor)
    rows = Currency.objects.filter(
        Q(pk__in=balances.values("currency"))
        | Q(is_base=True)
        | Q(is_active=True, pk__in=ExchangeRate.objects.values("currency"))
        | Q(pk__in=provider.currencies if provider else [])
    )
    return [(code, code) for code in rows.order_by("code").values_list("code", flat=True)]
