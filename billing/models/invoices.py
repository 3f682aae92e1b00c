"""Invoices and credit notes: their lines and taxes, their numbers, and what settled them."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from billing.choices import (
    FeeKind,
    InvoiceKind,
    InvoiceState,
    LineKind,
    Mode,
    TaxCategory,
    TaxMode,
)
from billing.models.balances import Balance, BillingPeriod
from billing.models.ledger import LedgerEntry
from billing.models.settings import Logo
from billing.querysets import FeeQuerySet, InvoiceQuerySet
from softswitch.core.fields import AmountField


class NumberSeries(models.Model):
    """The last number of an issuer's series: the locked counter behind gapless numbers."""

    issuer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    series = models.CharField(max_length=30)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("issuer", "series", name="number_series_once")]

    def __str__(self) -> str:
        return f"{self.series}{self.last:06d}"


# What a count of the list asks for.
COUNTED = (
    "issuer",
    "customer",
    "account",
    "kind",
    "state",
    "open_amount",
    "total",
    "due_on",
)


class Invoice(models.Model):
    """What an owner bills for one period of a balance, or a credit note against such an invoice.

    A draft is computed anew at will; issuing takes a number, copies both parties and the way to
    issue (``terms``, ``issuer_data``, ``customer_data``), posts, and freezes all but ``state``,
    ``open_amount`` and what voiding says. Amounts are in ``currency``: ``total`` = ``net`` +
    ``tax``; ``closing_balance`` = ``previous_balance`` + ``payments`` + ``other`` - ``total``;
    ``amount_due`` = max(0, -closing balance).
    """

    kind = models.CharField(max_length=11, choices=InvoiceKind.choices, default=InvoiceKind.INVOICE)
    state = models.CharField(max_length=6, choices=InvoiceState.choices, default=InvoiceState.DRAFT)
    issuer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="issued_invoices")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="invoices")
    account = models.ForeignKey("accounts.Account", models.PROTECT, null=True, related_name="+")
    balance = models.ForeignKey(Balance, models.PROTECT, related_name="invoices")
    period = models.ForeignKey(BillingPeriod, models.PROTECT, null=True, related_name="invoices")
    mode = models.CharField(max_length=8, choices=Mode.choices)
    series = models.CharField(max_length=30, blank=True)
    number = models.CharField(max_length=40, blank=True)
    currency = models.ForeignKey("tariffs.Currency", models.PROTECT, related_name="+")
    net = AmountField(default=Decimal(0))
    tax = AmountField(default=Decimal(0))
    total = AmountField(default=Decimal(0))
    open_amount = AmountField(default=Decimal(0))
    previous_balance = AmountField(default=Decimal(0))
    payments = AmountField(default=Decimal(0))
    other = AmountField(default=Decimal(0))
    closing_balance = AmountField(default=Decimal(0))
    amount_due = AmountField(default=Decimal(0))
    tax_mode = models.CharField(max_length=8, choices=TaxMode.choices, default=TaxMode.NONE)
    tax_category = models.CharField(
        max_length=2, choices=TaxCategory.choices, default=TaxCategory.OUTSIDE
    )
    tax_reason = models.CharField(max_length=200, blank=True)
    terms = models.JSONField(default=dict)
    issuer_data = models.JSONField(default=dict)
    customer_data = models.JSONField(default=dict)
    logo = models.ForeignKey(Logo, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    # When it is issued by itself; empty: a person looks at it first.
    issue_after = models.DateTimeField(null=True)
    # Why it could not be issued by itself, for who looks at the drafts.
    problem = models.CharField(max_length=300, blank=True)
    issued_at = models.DateTimeField(null=True)
    issued_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    mailed_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True)  # of voiding, or of a credit note
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="credit_notes")

    objects: ClassVar = InvoiceQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "issuer", "number", condition=~Q(number=""), name="invoice_number_once"
            ),
            models.UniqueConstraint(
                "period",
                condition=Q(kind=InvoiceKind.INVOICE) & ~Q(state=InvoiceState.VOID),
                name="invoice_period_once",
            ),
            models.CheckConstraint(
                name="invoice_numbered",
                condition=Q(state=InvoiceState.DRAFT, number="", issued_at=None)
                | (~Q(state=InvoiceState.DRAFT) & ~Q(number="") & Q(issued_at__isnull=False)),
            ),
            models.CheckConstraint(name="invoice_total", condition=Q(total=F("net") + F("tax"))),
            models.CheckConstraint(name="invoice_open", condition=Q(open_amount__gte=0)),
        ]
        indexes = [
            models.Index(fields=["issuer", "-issued_at"], name="invoice_of_issuer"),
            models.Index(fields=["customer", "-issued_at"], name="invoice_of_customer"),
            models.Index(
                "balance", "issued_at", name="invoice_unpaid", condition=Q(open_amount__gt=0)
            ),
            models.Index("issue_after", name="invoice_to_issue", condition=Q(state="draft")),
            models.Index("issuer", name="invoice_voided", condition=Q(state="void")),
            models.Index("issuer", name="invoice_credit", condition=Q(kind="credit_note")),
            # What the list is sorted by: so many rows are read as a page has.
            models.Index("number", "id", name="invoice_by_number"),
            models.Index("due_on", "id", name="invoice_by_due"),
            models.Index("total", "id", name="invoice_by_total"),
            models.Index("open_amount", "id", name="invoice_by_open"),
            # What is owed, and what was billed, is added up in these alone.
            models.Index(
                fields=["issuer", "due_on"],
                name="invoice_owed",
                condition=Q(open_amount__gt=0),
                include=(
                    "customer",
                    "account",
                    "currency",
                    "kind",
                    "state",
                    "open_amount",
                    "total",
                    "issued_at",
                ),
            ),
            models.Index(
                fields=["issuer", "issued_on"],
                name="invoice_billed",
                include=("state", "kind", "currency", "net"),
            ),
            # The rows are wide: lists are counted in this index alone, in the order they have.
            models.Index(fields=["issued_at", "id"], name="invoice_newest", include=COUNTED),
            models.Index(fields=["issued_on", "id"], name="invoice_day", include=COUNTED),
            GinIndex(OpClass(Upper("number"), name="gin_trgm_ops"), name="invoice_number_part"),
        ]

    def __str__(self) -> str:
        return self.number or str(_("Draft %(number)s") % {"number": self.pk})


class InvoiceLine(models.Model):
    """One line: ``exact`` is what the ledger holds (or the fee), ``amount`` what is billed of it.

    Amounts are positive where the customer owes, ``amount`` rounded to the currency's minor unit.
    ``rate`` is a price per minute, or of one piece where ``quantity`` is set.
    """

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=LineKind.choices)
    description = models.CharField(max_length=200)
    country = models.CharField(max_length=2, blank=True)
    prefix = models.CharField(max_length=32, blank=True)
    tariff = models.CharField(max_length=80, blank=True)
    calls = models.BigIntegerField(default=0)
    billed_seconds = models.BigIntegerField(default=0)
    quantity = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    rate = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    exact = AmountField()
    amount = AmountField()
    is_taxed = models.BooleanField(default=True)
    fee = models.ForeignKey("Fee", models.PROTECT, null=True, related_name="lines")

    class Meta:
        default_permissions = ()
        ordering = ("invoice", "position")
        constraints = [
            models.UniqueConstraint("invoice", "position", name="invoice_line_position"),
        ]

    def __str__(self) -> str:
        return f"{self.description}: {self.amount}"


class InvoiceTax(models.Model):
    """One rate of tax on an invoice: ``amount`` of ``base``."""

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="taxes")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    is_compound = models.BooleanField(default=False)
    base = AmountField()
    amount = AmountField()

    class Meta:
        default_permissions = ()
        ordering = ("invoice", "position")
        constraints = [
            models.UniqueConstraint("invoice", "position", name="invoice_tax_position"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.amount}"


class Allocation(models.Model):
    """What of a payment went where: to an invoice, or out again. Append-only; < 0 takes back.

    It comes from an entry that was paid in, or from an invoice whose total is the customer's
    money; it goes to an invoice, or to an entry that took money out. The sums per source never
    exceed what it brought, those per invoice never its total.
    """

    balance = models.ForeignKey(Balance, models.PROTECT, related_name="allocations")
    source_entry = models.ForeignKey(LedgerEntry, models.PROTECT, null=True, related_name="spent")
    source_invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="spent")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="allocations")
    entry = models.ForeignKey(LedgerEntry, models.PROTECT, null=True, related_name="taken")
    amount = AmountField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="allocation_source",
                condition=Q(source_entry__isnull=False, source_invoice=None)
                | Q(source_entry=None, source_invoice__isnull=False),
            ),
            models.CheckConstraint(
                name="allocation_target",
                condition=Q(invoice__isnull=False, entry=None)
                | Q(invoice=None, entry__isnull=False),
            ),
            models.CheckConstraint(name="allocation_amount", condition=~Q(amount=0)),
        ]

    def __str__(self) -> str:
        return str(self.amount)


class Fee(models.Model):
    """A fee or item of one balance, in its currency: billed once, or with every period's invoice.

    ``starts_on`` and ``ends_on`` are local days of the balance, both included. A recurring fee
    that does not cover the whole of a period is prorated by days, if it says so.
    """

    balance = models.ForeignKey(Balance, models.PROTECT, related_name="fees")
    kind = models.CharField(
        _("billed"), max_length=9, choices=FeeKind.choices, default=FeeKind.RECURRING
    )
    name = models.CharField(_("name"), max_length=200)
    price = AmountField(_("price"))
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3, default=1)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    is_prorated = models.BooleanField(_("prorated by days"), default=True)
    is_taxed = models.BooleanField(_("taxed"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # A form that is sent twice makes one.
    creation_key = models.UUIDField(unique=True, null=True, editable=False)

    objects: ClassVar = FeeQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="fee_price", condition=Q(price__gt=0, quantity__gt=0)),
            models.CheckConstraint(
                name="fee_forward", condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on"))
            ),
        ]

    def __str__(self) -> str:
        return self.name
