"""Balances of pairs, and the billing periods of each."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.choices import Mode, PeriodOutcome, PeriodType
from billing.querysets import BalanceQuerySet, PeriodQuerySet
from softswitch.core.constraints import never_twice
from softswitch.core.fields import AmountField, ZoneColumn


class Balance(models.Model):
    """The money between a pair: a customer and its owner, or an account and its customer.

    ``issuer`` is who bills. A move closes the customer's row (``closed_at``) and opens another one
    with the new owner, so a customer has one row per owner it had, in stretches without gaps.
    ``amount`` is positive when it is the payer's money; it equals the sum of the ledger. A narrow
    table of its own, so that money never waits for an edit of the customer or a move of the tree.
    """

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="balances")
    issuer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    account = models.OneToOneField(
        "accounts.Account", models.PROTECT, null=True, related_name="balance"
    )
    currency = models.ForeignKey("tariffs.Currency", models.PROTECT, verbose_name=_("currency"))
    mode = models.CharField(_("mode"), max_length=8, choices=Mode.choices, default=Mode.PREPAID)
    amount = AmountField(default=Decimal(0))
    reserved = AmountField(default=Decimal(0))
    credit_limit = AmountField(_("credit limit"), default=Decimal(0))
    last_sequence = models.BigIntegerField(default=0)
    period_type = models.CharField(
        _("billing period"),
        max_length=12,
        choices=PeriodType.choices,
        default=PeriodType.MONTHLY,
    )
    period_timezone = ZoneColumn(verbose_name=_("billing time zone"))
    # A change of the calendar waits here for the next close.
    next_period_type = models.CharField(
        max_length=12, choices=PeriodType.choices, blank=True, default=""
    )
    next_period_timezone = ZoneColumn(null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, editable=False)
    # What documents said of the payer when a move closed it (selectors.parties): what it is called
    # and where it lives since then is the business of others.
    closed_as = models.JSONField(null=True, editable=False)
    # The end of the first period that is not closed yet; empty: to be found (services.closing),
    # choices.NEVER: it has ended, and all of it is closed.
    closes_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = BalanceQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "customer",
                condition=Q(account=None, closed_at=None),
                name="balance_one_per_customer",
            ),
            models.CheckConstraint(
                name="balance_forward",
                condition=Q(closed_at=None) | Q(closed_at__gt=F("opened_at")),
            ),
            models.CheckConstraint(name="balance_reserved", condition=Q(reserved__gte=0)),
            models.CheckConstraint(name="balance_credit_limit", condition=Q(credit_limit__gte=0)),
        ]
        indexes = [
            models.Index("customer", name="balance_closed", condition=Q(closed_at__isnull=False)),
            models.Index("closes_at", "id", name="balance_closes"),
            models.Index("id", name="balance_unscheduled", condition=Q(closes_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency_id}"

    @property
    def available(self) -> Decimal:
        """What can still be spent: balance + credit limit - reserved."""
        return self.amount + self.credit_limit - self.reserved


class BillingPeriod(models.Model):
    """A period of one balance, half-open; every ledger entry belongs to one."""

    balance = models.ForeignKey(Balance, models.PROTECT, related_name="periods")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    period_type = models.CharField(max_length=12, choices=PeriodType.choices)
    timezone = ZoneColumn()
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=10, choices=PeriodOutcome.choices, blank=True, db_default=PeriodOutcome.OPEN
    )
    # Calls that could not be rated in time: they count as late once they can.
    unrated_calls = models.PositiveIntegerField(db_default=0)
    # Why it could not be closed, as its issuer was told last: a code.
    told_cause = models.CharField(max_length=60, blank=True, db_default="")

    objects: ClassVar = PeriodQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            never_twice("period_no_overlap", "balance", "starts_at", "ends_at"),
            models.CheckConstraint(name="period_forward", condition=Q(ends_at__gt=F("starts_at"))),
        ]
        indexes = [
            models.Index("balance", "ends_at", name="period_ends"),
            models.Index("ends_at", "id", name="period_by_end"),
            models.Index("starts_at", "id", name="period_by_start"),
            models.Index("closed_at", "id", name="period_by_closing"),
            models.Index("outcome", "ends_at", "id", name="period_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d} - {self.ends_at:%Y-%m-%d}"

    @property
    def last_instant(self) -> datetime:
        """The end as people say it: the last day is the one this falls on."""
        return self.ends_at - timedelta(microseconds=1)

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last local day, in the zone that the period was made in."""
        zone = ZoneInfo(str(self.timezone))
        first, last = self.starts_at.astimezone(zone), self.last_instant.astimezone(zone)
        return first.date(), last.date()
