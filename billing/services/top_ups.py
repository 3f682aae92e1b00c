"""Automatic top-up: a saved card is charged when too little is available, so often a day."""

import logging
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing.choices import OnlineState
from billing.models import Balance, OnlinePayment, PaymentProvider, TopUp
from billing.selectors.redeem import is_payable
from billing.services.online import check_amount
from billing.services.payments import order_key, take_notice
from billing.services.providers import driver_of
from billing.services.providers.base import Event, Notice, SavedCharge
from customers.selectors import system_actor
from customers.services.audit import record
from customers.tenancy import Actor
from notifications.choices import Event as Letter
from notifications.services.events import News, tell
from notifications.values import Money
from softswitch.core.errors import DomainError

logger = logging.getLogger(__name__)
# A provider remembers the key of a request for a day; until then a repeat charges nothing twice.
REPEATED_FOR = timedelta(hours=12)


def save_top_up(*, actor: Actor, balance: Balance, values: Mapping[str, Any]) -> TopUp:
    """Change the automatic top-up of the actor's own balance: columns of TopUp.

    A card has to be saved first, by a payment that says so (DomainError ``no_card``). Raises
    PermissionDenied without payments.make, DomainError ``amount`` beyond the provider's limits.
    Locks the row; atomic with the audit row.
    """
    _check_own(actor, balance)
    with transaction.atomic():
        row = TopUp.objects.select_for_update(of=("self",)).filter(balance=balance).first()
        if row is None or not row.method_id:
            raise DomainError("no_card", _("Save a card first: pay once and let it be saved."))
        changes = {
            name: [getattr(row, name), value]
            for name, value in values.items()
            if getattr(row, name) != value
        }
        for name, value in values.items():
            setattr(row, name, value)
        if row.is_enabled:
            _check(row)
            row.problem = ""
        row.save()
        if changes:
            _record(actor, balance, "top_up_changed", changes)
    return row


def forget_card(*, actor: Actor, balance: Balance) -> None:
    """Switch the automatic top-up off and forget the saved card. Safe to repeat. Audited."""
    _check_own(actor, balance)
    with transaction.atomic():
        if TopUp.objects.filter(balance=balance).delete()[0]:
            _record(actor, balance, "card_forgotten", {})


def _check_own(actor: Actor, balance: Balance) -> None:
    own = (balance.customer_id, balance.account_id) == (actor.customer_id, actor.account_id)
    if not (own and actor.can("payments.make")):
        raise PermissionDenied


def _check(row: TopUp) -> None:
    provider = row.provider
    currency = row.balance.currency_id
    if not provider.is_enabled or currency not in provider.currencies:
        raise DomainError("offline", _("Nothing can be paid online here."))
    check_amount(provider, row.amount)
    driver_of(provider).check_amount(row.amount, currency)


def _record(actor: Actor, balance: Balance, action: str, changes: dict[str, Any]) -> None:
    record(
        actor=actor,
        customer=balance.customer,
        action=action,
        subject=balance.account or balance.customer,
        changes=changes,
    )


def top_up_due(*, moment: datetime, limit: int = 100) -> int:
    """Charge the cards of balances that have too little; how many payments were begun or repeated.

    Each by itself: the payment is stored under the lock of its top-up (others' are skipped), then
    the provider is asked without one. What gets no answer is asked again with the same key, which
    charges once; what fails switches the top-up off and writes to the payer.
    """
    pending = OnlinePayment.objects.filter(is_automatic=True, state=OnlineState.PENDING)
    repeats = list(pending.order_by("created_at").values_list("pk", flat=True)[:limit])
    due = _due().order_by("pk").values_list("pk", flat=True)[:limit]
    begun = [pk for top_up in due if (pk := _begin(top_up, moment)) is not None]
    for pk in (*repeats, *begun):
        _charge(pk, moment)
    return len(repeats) + len(begun)


def _due() -> Any:
    """Top-ups of balances in use with less available than their threshold."""
    rows = TopUp.objects.filter(is_enabled=True, provider__is_enabled=True).annotate(
        available=F("balance__amount") + F("balance__credit_limit") - F("balance__reserved")
    )
    return rows.filter(available__lt=F("threshold"), balance__closed_at=None)


def _begin(top_up_id: int, moment: datetime) -> int | None:
    """Store the payment of a top-up that is due; its id, None where it is not, or not any more."""
    with transaction.atomic():
        rows = TopUp.objects.select_for_update(of=("self",), skip_locked=True)
        row = rows.filter(pk__in=_due().filter(pk=top_up_id).values("pk")).first()
        if row is None or not is_payable(row.balance) or _used_up(row, moment):
            return None
        made = OnlinePayment.objects.create(
            balance=row.balance,
            provider=row.provider,
            amount=row.amount,
            currency_id=row.balance.currency_id,
            key=f"top_up:{uuid4()}",
            is_automatic=True,
            acting_as=row.balance.customer,
            created_at=moment,
        )
        return made.pk


def _used_up(row: TopUp, moment: datetime) -> bool:
    """Whether one is under way, or as many as allowed were made on this local day."""
    zone = ZoneInfo(str(row.balance.period_timezone))
    midnight = datetime.combine(moment.astimezone(zone).date(), time(), zone)
    made = OnlinePayment.objects.filter(balance=row.balance, is_automatic=True)
    is_pending = made.filter(state=OnlineState.PENDING).exists()
    return is_pending or made.filter(created_at__gte=midnight).count() >= row.per_day


def _charge(payment_id: int, moment: datetime) -> None:
    """Ask the provider for the money of a stored payment, and do what it says."""
    related = ("provider", "balance__customer", "balance__account")
    payment = OnlinePayment.objects.select_related(*related).get(pk=payment_id)
    row = TopUp.objects.filter(balance=payment.balance).first()
    if payment.intent_id:
        return  # the bank has it: a notice says what becomes of it
    notice = Notice(
        Event.FAILED, payment_id=payment.pk, reason=gettext_noop("The card was forgotten.")
    )
    if payment.created_at < moment - REPEATED_FOR:
        notice = Notice(
            Event.FAILED,
            payment_id=payment.pk,
            reason=gettext_noop("Nobody answered for 12 hours."),
        )
    elif row is not None:
        try:
            notice = driver_of(payment.provider).charge_saved(_charge_of(payment, row))
        except DomainError as error:
            logger.warning("online payment %s: %s", payment.pk, error.message)
            return
    settle_top_up(provider=payment.provider, notice=notice)


def _charge_of(payment: OnlinePayment, row: TopUp) -> SavedCharge:
    return SavedCharge(
        payment_id=payment.pk,
        key=order_key(payment),
        amount=payment.amount,
        currency=payment.currency_id,
        title=f"{payment.balance.account or payment.balance.customer}",
        payer_id=row.payer_id,
        method_id=row.method_id,
    )


def settle_top_up(*, provider: PaymentProvider, notice: Notice) -> OnlinePayment | None:
    """``take_notice``, and of an automatic payment that failed: switch off, and tell the payer."""
    with transaction.atomic():
        payment = take_notice(provider=provider, notice=notice)
        if payment is None or not payment.is_automatic or payment.state != OnlineState.FAILED:
            return payment
        rows = TopUp.objects.filter(balance=payment.balance, is_enabled=True)
        if rows.update(is_enabled=False, problem=payment.note):
            _tell(payment)
        return payment


def _tell(payment: OnlinePayment) -> None:
    balance = payment.balance
    customer = balance.customer
    amount: Decimal = payment.amount
    news = News(
        event=Letter.TOP_UP_FAILED,
        owner=balance.issuer,
        customer=customer,
        account_id=balance.account_id,
        values={
            "payment.amount": Money(amount, payment.currency_id),
            "reason": payment.note,
        },
        key=f"top_up_failed:{payment.pk}",
    )
    if not tell(actor=system_actor(), news=news):
        logger.warning("top-up of balance %s failed, its payer has no e-mail", balance.pk)
