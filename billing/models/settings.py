"""What an owner defines for its invoices: payment terms, and named ways to issue."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from billing.choices import LineGrouping, PeriodType, TaxCategory, TaxMode
from billing.querysets import InvoiceSettingsQuerySet, PaymentTermQuerySet, TaxQuerySet
from customers.choices import InvoiceFormat, InvoiceSection, RateValue
from customers.models import ParameterSet


def days_before() -> list[int]:
    """A reminder three days before the due date: time for a bank transfer."""
    return [3]


def days_after() -> list[int]:
    """A reminder on the day after the due date, and one a week after it."""
    return [1, 7]


class PaymentTerm(models.Model):
    """A named term of payment: which periods are invoiced, when they are due, how long to wait."""

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="payment_terms")
    name = models.CharField(_("name"), max_length=80)
    period_type = models.CharField(
        _("billing period"), max_length=12, choices=PeriodType.choices, default=PeriodType.MONTHLY
    )
    due_days = models.PositiveSmallIntegerField(_("days until due"), default=14)
    grace_days = models.PositiveSmallIntegerField(_("grace days"), default=7)
    # Days before and after the due date on which a letter reminds of an open invoice.
    reminders_before = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("reminders before"),
        default=days_before,
        blank=True,
    )
    reminders_after = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("reminders after"),
        default=days_after,
        blank=True,
    )

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


class Tax(models.Model):
    """A named way to tax: which rates, and whether the prices hold them already."""

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="taxes")
    name = models.CharField(_("name"), max_length=80)
    mode = models.CharField(
        _("tax is"), max_length=8, choices=TaxMode.choices, default=TaxMode.ADDED
    )
    category = models.CharField(
        _("category"), max_length=2, choices=TaxCategory.choices, default=TaxCategory.STANDARD
    )
    reason = models.CharField(_("reason of the exemption"), max_length=200, blank=True)

    objects: ClassVar = TaxQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="tax_name_taken",
                violation_error_message=_("Tax settings of this name exist."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class TaxRate(models.Model):
    """One rate of a tax; a compound one is taken of the net amount and the rates before it."""

    tax = models.ForeignKey(Tax, models.CASCADE, related_name="rates")
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(_("name"), max_length=40)
    percent = models.DecimalField(
        _("percent"),
        max_digits=7,
        decimal_places=4,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    is_compound = models.BooleanField(_("compound"), default=False)

    class Meta:
        default_permissions = ()
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return f"{self.name} {self.percent.normalize():f} %"


class Logo(models.Model):
    """A picture for invoices, by the SHA-256 of its bytes; never changed, so that paper stays."""

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="logos")
    digest = models.CharField(max_length=64)
    media_type = models.CharField(max_length=40)
    content = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("owner", "digest", name="logo_once")]

    def __str__(self) -> str:
        return self.digest[:12]


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
    credit_series = models.CharField(_("series of credit notes"), max_length=20, default="CN-")
    grouping = models.CharField(
        _("a line per"),
        max_length=11,
        choices=LineGrouping.choices,
        default=LineGrouping.DESTINATION,
    )
    language = models.CharField(_("language"), max_length=10, blank=True)  # empty: the customer's
    accent = models.CharField(
        _("colour"),
        max_length=7,
        default="#2d52c4",
        validators=[RegexValidator(r"^#[0-9a-f]{6}$", _("Enter a colour such as #2d52c4."))],
    )
    logo = models.ForeignKey(Logo, models.PROTECT, null=True, blank=True, related_name="+")
    payment_text = models.CharField(_("how to pay"), max_length=1000, blank=True)
    is_e_invoice = models.BooleanField(_("electronic invoice (Factur-X)"), default=False)
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


class AccountParameters(ParameterSet):
    """How a customer invoices its accounts: all of them, or (``account``) one; empty: inherited.

    Of the parameters those of invoices count (customers.selectors.parameters.INVOICE_FIELDS).
    """

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    account = models.OneToOneField(
        "accounts.Account", models.PROTECT, null=True, related_name="parameters"
    )

    class Meta(ParameterSet.Meta):
        constraints = [
            models.UniqueConstraint(
                "customer", condition=models.Q(account=None), name="account_parameters_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.account_id or 'all'}"
