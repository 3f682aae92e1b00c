"""Begins online payments, and asks what became of those that no notice came about."""

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.choices import OnlineState
from billing.models import Balance, OnlinePayment, PaymentProvider
from billing.selectors.online import provider_for
from billing.selectors.redeem import is_payable
from billing.services.payments import order_key, take_notice
from billing.services.providers import driver_of
from billing.services.providers.base import Event, Notice, Order, PayPage
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

logger = logging.getLogger(__name__)
LOOKED_UP_AFTER = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=2)  # a page is open for a day


def begin_payment(
    *,
    actor: Actor,
    balance: Balance,
    amount: Decimal,
    key: str,
    success_url: str,
    cancel_url: str,
    saves_card: bool = False,
) -> PayPage:
    """The page of the provider on which ``amount``, in the balance's currency, is paid.

    For who pays from the balance and has payments.make, else PermissionDenied. ``{payment}`` in the
    addresses that the provider leads back to becomes the id of the payment. ``key`` comes with the
    form: pressing twice, or again after an error, is one payment and leads to the same page.
    Raises DomainError ``offline`` (nobody takes money online here), ``amount``, ``currency``,
    ``closed``, ``key_reused``, ``provider`` (it refused, or cannot be reached).

    Must not run within a transaction: the payment is stored before the provider is asked, so that a
    notice finds it; no lock is held meanwhile.
    """
    provider = _provider(actor, balance, amount)
    payment = _stored(
        OnlinePayment(
            balance=balance,
            provider=provider,
            amount=amount,
            currency_id=balance.currency_id,
            key=f"pay:{key}",
            saves_card=saves_card,
            created_by=actor.user,
            acting_as=actor.customer,
            created_at=now(),
        )
    )
    page = driver_of(provider).open_page(_order(payment, success_url, cancel_url))
    notice = Notice(Event.STARTED, payment_id=payment.pk, session_id=page.session_id)
    take_notice(provider=provider, notice=notice)
    return page


def _provider(actor: Actor, balance: Balance, amount: Decimal) -> PaymentProvider:
    """Through whom the actor may pay ``amount`` into ``balance``."""
    own = (balance.customer_id, balance.account_id) == (actor.customer_id, actor.account_id)
    if not (own and actor.can("payments.make")):
        raise PermissionDenied
    provider = provider_for(balance)
    if provider is None:
        raise DomainError("offline", _("Nothing can be paid online here."))
    if not is_payable(balance):
        raise DomainError("closed", _("Nothing can be paid in here."))
    check_amount(provider, amount)
    driver_of(provider).check_amount(amount, balance.currency_id)
    return provider


def check_amount(provider: PaymentProvider, amount: Decimal) -> None:
    """Refuse (DomainError ``amount``) what is beyond the limits of a provider's settings."""
    if not (amount.is_finite() and provider.minimum <= amount <= provider.maximum):
        least, most = (f"{limit.normalize():f}" for limit in (provider.minimum, provider.maximum))
        raise DomainError(
            "amount",
            _("Enter an amount from %(least)s to %(most)s.") % {"least": least, "most": most},
            field="amount",
        )


def _stored(payment: OnlinePayment) -> OnlinePayment:
    """The payment of this key, stored once; DomainError ``key_reused`` for another one's."""
    try:
        with transaction.atomic(durable=True):
            payment.save(force_insert=True)
    except IntegrityError:
        known: OnlinePayment | None = OnlinePayment.objects.filter(key=payment.key).first()
        if known is None:
            raise
        asked = (payment.balance_id, payment.amount, payment.currency_id, payment.saves_card)
        if asked != (known.balance_id, known.amount, known.currency_id, known.saves_card):
            raise DomainError("key_reused", _("Open the form again: it was used before.")) from None
        if known.state != OnlineState.PENDING:
            raise DomainError(
                "key_reused", _("This payment has ended: open the form again.")
            ) from None
        return known
    return payment


def _order(payment: OnlinePayment, success_url: str, cancel_url: str) -> Order:
    return Order(
        payment_id=payment.pk,
        key=order_key(payment),
        amount=payment.amount,
        currency=payment.currency_id,
        title=f"{payment.balance.account or payment.balance.customer}",
        success_url=success_url.replace("{payment}", str(payment.pk)),
        cancel_url=cancel_url.replace("{payment}", str(payment.pk)),
        saves_card=payment.saves_card,
    )


def look_up_pending(*, moment: datetime, limit: int = 100) -> int:
    """Ask what became of pages whose notice did not come for an hour; how many have ended.

    A payment that never got a page, or whose page nobody knows any more, expires after two days.
    """
    pages = OnlinePayment.objects.filter(
        state=OnlineState.PENDING, is_automatic=False, created_at__lt=moment - LOOKED_UP_AFTER
    )
    ended = 0
    for payment in pages.select_related("provider").order_by("created_at")[:limit]:
        try:
            ended += _look_up(payment, moment)
        except DomainError as error:
            logger.warning("online payment %s: %s", payment.pk, error.message)
    return ended


def _look_up(payment: OnlinePayment, moment: datetime) -> bool:
    notice = None
    if payment.session_id:
        notice = driver_of(payment.provider).look_up(payment.session_id)
    if notice is None and payment.created_at < moment - GIVEN_UP_AFTER and not payment.session_id:
        notice = Notice(Event.EXPIRED, payment_id=payment.pk)
    if notice is None:
        return False
    take_notice(provider=payment.provider, notice=notice)
    return True
