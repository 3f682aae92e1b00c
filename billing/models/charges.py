"""Charges per level of a call, what holds back closing, and the months that are archived.

Charges are partitioned like usage entries, without foreign keys in the database either.
"""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from billing.choices import HoldReason
from billing.models.balances import Balance
from billing.querysets import ChargeQuerySet
from softswitch.core.fields import AmountField, RateOfExchangeField


class Charge(models.Model):
    """What one level pays for one call: level 0 is the account, 1 its customer, 2 the owner, ...

    ``cost`` is in the tariff's currency, ``amount`` the same in the balance's. A call that was not
    answered is charged 0 without a rate, and without a tariff where the level had none.
    ``revision`` is 0; re-rating adds higher ones.
    """

    pk = models.CompositePrimaryKey("call_id", "level", "revision", "setup_at")
    call_id = models.BigIntegerField()
    level = models.SmallIntegerField()
    revision = models.SmallIntegerField(default=0)
    setup_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    customer = models.ForeignKey(
        "customers.Customer", models.DO_NOTHING, related_name="+", db_constraint=False
    )
    issuer = models.ForeignKey(
        "customers.Customer", models.DO_NOTHING, related_name="+", db_constraint=False
    )
    account = models.ForeignKey(
        "accounts.Account", models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    balance = models.ForeignKey(Balance, models.DO_NOTHING, related_name="+", db_constraint=False)
    tariff_version = models.ForeignKey(
        "tariffs.TariffVersion", models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    rate = models.ForeignKey(
        "tariffs.Rate", models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    usage_entry_id = models.BigIntegerField()
    duration_ms = models.IntegerField()
    billed_seconds = models.IntegerField()
    cost = AmountField()
    exchange_rate = RateOfExchangeField(default=Decimal(1))
    amount = AmountField()

    objects: ClassVar = ChargeQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"call {self.call_id} level {self.level}: {self.amount}"


class ClosingHold(models.Model):
    """A call that could not be charged holds back the period of every customer in its chain."""

    call_id = models.BigIntegerField()
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    ended_at = models.DateTimeField()
    reason = models.CharField(max_length=16, choices=HoldReason.choices)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("call_id", "customer", name="closing_hold_once"),
        ]
        indexes = [models.Index("customer", "ended_at", name="closing_hold_due")]

    def __str__(self) -> str:
        return f"{self.customer_id}: call {self.call_id}"


class ArchivedMonth(models.Model):
    """A month (UTC) whose calls and charges were detached; the row goes when they are restored."""

    month = models.DateField(primary_key=True)
    calls = models.BigIntegerField()
    charges = models.BigIntegerField()
    archived_at = models.DateTimeField(auto_now_add=True)
    archived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class ArchivedSums(models.Model):
    """What the charges of a month that is archived add up to: proves entries and traffic."""

    month = models.ForeignKey(ArchivedMonth, models.CASCADE, related_name="sums")
    level = models.SmallIntegerField()
    balance = models.ForeignKey(Balance, models.PROTECT, related_name="+")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    calls = models.BigIntegerField()
    traffic = ArrayField(models.DecimalField(max_digits=30, decimal_places=6))

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("month", "level", "balance", name="archived_sums_once")
        ]

    def __str__(self) -> str:
        return f"{self.month_id:%Y-%m}: {self.calls} calls"
