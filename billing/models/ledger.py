"""The ledger in two tables: entries that were posted, and the sums of calls.

Usage entries are partitioned by month of the calls' set-up and have no foreign keys in the
database: checking them would cost five times the insert. ``verify_ledger`` checks every id.
"""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.timezone import now

from billing.choices import MAY_BE_PAID_IN, EntryKind
from billing.models.balances import Balance, BillingPeriod
from billing.querysets import LedgerQuerySet, UsageQuerySet
from softswitch.core.fields import AmountField, RateOfExchangeField

IS_PAYMENT = Q(kind__in=MAY_BE_PAID_IN)


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
    kind = models.CharField(max_length=12, choices=EntryKind.choices)
    original_amount = AmountField()
    original_currency = models.ForeignKey("tariffs.Currency", models.PROTECT, related_name="+")
    exchange_rate = RateOfExchangeField(default=Decimal(1))
    notes = models.CharField(max_length=500, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    acting_as = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    source = models.CharField(max_length=60)
    idempotency_key = models.CharField(max_length=80, unique=True)
    # Issuing posted it, or voiding took it back, or it is the amount of a credit note.
    invoice = models.ForeignKey("Invoice", models.PROTECT, null=True, related_name="entries")
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")

    objects: ClassVar = LedgerQuerySet.as_manager()

    class Meta(EntryBase.Meta):
        constraints = [
            models.UniqueConstraint("balance", "sequence", name="ledger_sequence_once"),
        ]
        indexes = [
            models.Index(fields=["-posted_at"], name="ledger_newest"),
            models.Index("kind", "posted_at", "id", name="ledger_by_kind"),
            # Of the many entries few are payments: their list reads them alone.
            *(
                models.Index(column, "id", name=f"payment_by_{name}", condition=IS_PAYMENT)
                for column, name in (("posted_at", "time"), ("amount", "amount"))
            ),
            models.Index(
                fields=["issuer", "posted_at"],
                name="payment_received",
                condition=IS_PAYMENT,
                include=("kind", "amount", "balance", "reverses"),
            ),
            GinIndex(OpClass(Upper("notes"), name="gin_trgm_ops"), name="ledger_notes_part"),
        ]

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
