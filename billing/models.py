"""Balances, the ledger in two tables, charges per level of a call, periods and closing holds.

Usage entries and charges are partitioned by month of the call's set-up and have no foreign keys
in the database: checking them would cost five times the insert. ``verify_ledger`` checks every id.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from timezone_field import TimeZoneField

from billing.choices import EntryKind, HoldReason, Mode, PeriodType
from billing.querysets import (
    BalanceQuerySet,
    ChargeQuerySet,
    InvoiceSettingsQuerySet,
    LedgerQuerySet,
    PaymentTermQuerySet,
    UsageQuerySet,
)
from customers.choices import InvoiceFormat, InvoiceSection, RateValue
from softswitch.core.constraints import never_twice
from softswitch.core.fields import AmountField, RateOfExchangeField


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
    period_timezone = TimeZoneField(verbose_name=_("billing time zone"), use_pytz=False)
    # A change of the calendar waits here for the next close.
    next_period_type = models.CharField(
        max_length=12, choices=PeriodType.choices, blank=True, default=""
    )
    next_period_timezone = TimeZoneField(use_pytz=False, null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, editable=False)

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
    timezone = TimeZoneField(use_pytz=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            never_twice("period_no_overlap", "balance", "starts_at", "ends_at"),
            models.CheckConstraint(name="period_forward", condition=Q(ends_at__gt=F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d} - {self.ends_at:%Y-%m-%d}"

    @property
    def last_instant(self) -> datetime:
        """The end as people say it: the last day is the one this falls on."""
        return self.ends_at - timedelta(microseconds=1)


class EntryBase(models.Model):
    """What both tables of the ledger share. ``sequence`` counts a balance's entries from 1."""

    sequence = models.BigIntegerField()
    amount = AmountField()
    balance_after = AmountField()
    posted_at = models.DateTimeField(default=now)

    class Meta:
        abstract = True
        default_permissions = ()


class LedgerEntry(EntryBase):
    """An entry that a person or a rule posted; append-only, the database refuses the rest.

    ``amount`` is signed, in the balance's currency; ``original_amount`` is what was entered.
    """

    balance = models.ForeignKey(Balance, models.PROTECT, related_name="entries")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    issuer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    account = models.ForeignKey("accounts.Account", models.PROTECT, null=True, related_name="+")
    period = models.ForeignKey(BillingPeriod, models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=EntryKind.choices)
    original_amount = AmountField()
    original_currency = models.ForeignKey("tariffs.Currency", models.PROTECT, related_name="+")
    exchange_rate = RateOfExchangeField(default=Decimal(1))
    notes = models.CharField(max_length=500, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    acting_as = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    source = models.CharField(max_length=60)
    idempotency_key = models.CharField(max_length=80, unique=True)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")

    objects: ClassVar = LedgerQuerySet.as_manager()

    class Meta(EntryBase.Meta):
        constraints = [
            models.UniqueConstraint("balance", "sequence", name="ledger_sequence_once"),
        ]
        indexes = [models.Index(fields=["-posted_at"], name="ledger_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class UsageEntry(EntryBase):
    """The plain sum of one batch's charges to one balance, of one period, local day and month.

    ``setup_month`` is the first day of the month (UTC) of the calls' set-up: the partition key.
    ``usage_on`` is the local day of the calls' end in the balance's billing time zone.
    """

    pk = models.CompositePrimaryKey("id", "setup_month")
    id = models.BigIntegerField()
    setup_month = models.DateField()
    usage_on = models.DateField()
    balance = models.ForeignKey(
        Balance, models.DO_NOTHING, related_name="usage_entries", db_constraint=False
    )
    customer = models.ForeignKey(
        "customers.Customer", models.DO_NOTHING, related_name="+", db_constraint=False
    )
    issuer = models.ForeignKey(
        "customers.Customer", models.DO_NOTHING, related_name="+", db_constraint=False
    )
    account = models.ForeignKey(
        "accounts.Account", models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    period = models.ForeignKey(
        BillingPeriod, models.DO_NOTHING, related_name="usage_entries", db_constraint=False
    )
    calls = models.IntegerField()
    billed_seconds = models.BigIntegerField()

    objects: ClassVar = UsageQuerySet.as_manager()

    class Meta(EntryBase.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.calls} calls, {self.amount}"


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


class PaymentTerm(models.Model):
    """A named term of payment: which periods are invoiced, when they are due, how long to wait."""

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="payment_terms")
    name = models.CharField(_("name"), max_length=80)
    period_type = models.CharField(
        _("billing period"), max_length=12, choices=PeriodType.choices, default=PeriodType.MONTHLY
    )
    due_days = models.PositiveSmallIntegerField(_("days until due"), default=14)
    grace_days = models.PositiveSmallIntegerField(_("grace days"), default=7)

    objects: ClassVar = PaymentTermQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="payment_term_name_taken",
                violation_error_message=_("A payment term of this name exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class InvoiceSettings(models.Model):
    """A named way to issue invoices: series, file, prices, sections and texts of one owner."""

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="invoice_settings")
    name = models.CharField(_("name"), max_length=80)
    series = models.CharField(_("number series"), max_length=20, default="INV-")
    invoice_format = models.CharField(
        _("invoice format"),
        max_length=4,
        choices=InvoiceFormat.choices,
        default=InvoiceFormat.PDF,
    )
    rate_decimals = models.PositiveSmallIntegerField(
        _("rate decimals"), default=4, validators=[MaxValueValidator(8)]
    )
    rate_value = models.CharField(
        _("rate value"), max_length=7, choices=RateValue.choices, default=RateValue.ACTUAL
    )
    non_zero_only = models.BooleanField(_("non-zero total only"), default=True)
    sections = ArrayField(
        models.CharField(max_length=12, choices=InvoiceSection.choices),
        verbose_name=_("included in the invoice"),
        default=list,
        blank=True,
    )
    header = models.CharField(_("text above the lines"), max_length=1000, blank=True)
    footer = models.CharField(_("text below the sums"), max_length=1000, blank=True)

    objects: ClassVar = InvoiceSettingsQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="invoice_settings_name_taken",
                violation_error_message=_("Invoice settings of this name exist."),
            )
        ]

    def __str__(self) -> str:
        return self.name
