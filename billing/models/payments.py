"""Online payments: the providers that owners have set up, what was paid, automatic top-up."""

import uuid
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.choices import OnlineState, ProviderKind
from billing.models.balances import Balance
from billing.models.ledger import LedgerEntry
from billing.querysets import OnlinePaymentQuerySet, ProviderQuerySet, TopUpQuerySet
from softswitch.core.fields import AmountField

_POSTED = (OnlineState.PAID, OnlineState.REFUNDED, OnlineState.DISPUTED)


class PaymentProvider(models.Model):
    """An owner's account at an online provider; off until it is switched on.

    Key and secret are sealed (softswitch.core.sealing). ``public_id`` stands in the address that
    the provider sends its notices to. The limits are in the currency of each payment.
    """

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    kind = models.CharField(
        _("provider"), max_length=10, choices=ProviderKind.choices, default=ProviderKind.STRIPE
    )
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    is_enabled = models.BooleanField(_("customers can pay online"), default=False)
    api_key = models.BinaryField(default=b"", blank=True)
    webhook_secret = models.BinaryField(default=b"", blank=True)
    minimum = AmountField(_("smallest payment"), default=Decimal(10))
    maximum = AmountField(_("largest payment"), default=Decimal(1000))
    currencies = ArrayField(
        models.CharField(max_length=3), verbose_name=_("currencies"), default=list, blank=True
    )

    objects: ClassVar = ProviderQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("owner", "kind", name="provider_once"),
            models.CheckConstraint(
                name="provider_limits", condition=Q(minimum__gt=0, maximum__gte=F("minimum"))
            ),
        ]

    def __str__(self) -> str:
        return str(ProviderKind(self.kind).label)


class OnlinePayment(models.Model):
    """One try to pay into a balance through a provider; its entry is posted exactly once.

    ``key`` comes with the form, so that pressing twice pays once. ``session_id`` and ``intent_id``
    are the provider's names of it. ``refunded`` is what the provider has given back, ``disputed``
    what a bank has taken back and not returned.
    """

    balance = models.ForeignKey(Balance, models.PROTECT, related_name="online_payments")
    provider = models.ForeignKey(PaymentProvider, models.PROTECT, related_name="payments")
    amount = AmountField()
    currency = models.ForeignKey("tariffs.Currency", models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=OnlineState.choices, default=OnlineState.PENDING)
    key = models.CharField(max_length=80, unique=True)
    session_id = models.CharField(max_length=255, blank=True)
    intent_id = models.CharField(max_length=255, blank=True)
    is_automatic = models.BooleanField(default=False)
    saves_card = models.BooleanField(default=False)
    note = models.CharField(max_length=300, blank=True)  # why it failed, or was refused
    refunded = AmountField(default=Decimal(0))
    disputed = AmountField(default=Decimal(0))
    entry = models.OneToOneField(
        LedgerEntry, models.PROTECT, null=True, related_name="online_payment"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    acting_as = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar = OnlinePaymentQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "provider", "session_id", condition=~Q(session_id=""), name="online_session_once"
            ),
            models.UniqueConstraint(
                "provider", "intent_id", condition=~Q(intent_id=""), name="online_intent_once"
            ),
            models.CheckConstraint(name="online_amount", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="online_disputed", condition=Q(disputed__gte=0)),
            models.CheckConstraint(
                name="online_refunded", condition=Q(refunded__gte=0, refunded__lte=F("amount"))
            ),
            # Money that was paid stands in the ledger, and nothing else does.
            models.CheckConstraint(
                name="online_posted",
                condition=Q(state__in=_POSTED, entry__isnull=False)
                | (~Q(state__in=_POSTED) & Q(entry=None)),
            ),
        ]
        indexes = [
            models.Index(
                "created_at",
                name="online_pending",
                condition=Q(state=OnlineState.PENDING, is_automatic=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency_id}"


class TopUp(models.Model):
    """Automatic top-up of one balance from a card that its payer has saved at the provider.

    When less than ``threshold`` is available, ``amount`` is charged, at most ``per_day`` times a
    day (of the billing time zone). A failure switches it off and says why.
    """

    balance = models.OneToOneField(Balance, models.PROTECT, related_name="top_up")
    provider = models.ForeignKey(PaymentProvider, models.PROTECT, related_name="+")
    is_enabled = models.BooleanField(_("automatic top-up"), default=False)
    threshold = AmountField(_("when less is available than"), default=Decimal(10))
    amount = AmountField(_("pay in"), default=Decimal(20))
    per_day = models.PositiveSmallIntegerField(
        _("times a day at most"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(24)],
    )
    payer_id = models.CharField(max_length=255, blank=True)  # the provider's name of the payer
    method_id = models.CharField(max_length=255, blank=True)  # and of the saved card
    problem = models.CharField(max_length=300, blank=True)

    objects: ClassVar = TopUpQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="top_up_amounts", condition=Q(threshold__gte=0, amount__gt=0)
            ),
            models.CheckConstraint(
                name="top_up_card", condition=Q(is_enabled=False) | ~Q(method_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.balance_id}: {self.amount}"
