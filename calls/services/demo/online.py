"""Online payments of the demo: what a provider in test mode told; the provider itself stays off."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from billing.models import OnlinePayment
from billing.services.payment_providers import save_provider
from billing.services.payments import take_notice
from billing.services.providers.base import Event, Notice
from calls.services.demo.opening import Opened
from customers.tenancy import Actor

# What was tried, in the payer's currency, and what came of it.
TRIES = (
    (Decimal(50), Event.PAID, ""),
    (Decimal(120), Event.PAID, ""),
    (Decimal(75), Event.FAILED, "Your card was declined."),
    (Decimal(30), Event.EXPIRED, ""),
)
REFUNDED = Decimal(20)  # of the first


def add_online_payments(*, operator: Actor, opened: Sequence[Opened], anchor: datetime) -> int:
    """Some tries of the operator's own customers, the last an hour before ``anchor``.

    No key is stored and nobody can pay: it shows what the lists hold once somebody could.
    """
    payers = [one for one in opened if one.owner.customer_id == operator.customer_id][: len(TRIES)]
    provider = save_provider(
        actor=operator, values={"currencies": sorted({one.balance.currency_id for one in payers})}
    )
    for number, (payer, (amount, event, reason)) in enumerate(zip(payers, TRIES, strict=False)):
        payment = OnlinePayment.objects.create(
            balance=payer.balance,
            provider=provider,
            amount=amount,
            currency_id=payer.balance.currency_id,
            key=f"demo:online:{number}",
            acting_as=payer.customer,
            created_at=anchor - timedelta(hours=len(TRIES) - number),
        )
        told = Notice(
            event,
            payment_id=payment.pk,
            session_id=f"cs_test_demo_{number}",
            intent_id=f"pi_test_demo_{number}",
            amount=amount,
            currency=payment.currency_id,
            reason=reason,
        )
        take_notice(provider=provider, notice=told)
        if number == 0:
            back = replace(told, event=Event.REFUNDED, amount=REFUNDED)
            take_notice(provider=provider, notice=back)
    return len(payers)
