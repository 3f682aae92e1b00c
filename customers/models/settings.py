"""What owners define for their customers: business models, classes, parameters, custom fields."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from customers.choices import (
    CdrFileFormat,
    FieldKind,
    Frequency,
    InvoiceFormat,
    InvoiceSection,
    Kind,
    RateValue,
    Recipients,
    Rounding,
    ShortCallBasis,
    ShortCallSeconds,
    UsageGrouping,
    Visibility,
)
from customers.models.tree import Customer
from customers.querysets import (
    BusinessModelQuerySet,
    CustomerClassQuerySet,
    CustomFieldQuerySet,
    CustomFieldValueQuerySet,
)
from softswitch.core.fields import AmountInput, OptionalPriceField, ZoneColumn


def percent_field(label: Any) -> "models.DecimalField[AmountInput | None, Decimal | None]":
    """A percentage from 0 to 100 with two decimals, or nothing."""
    return models.DecimalField(
        label,
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )


def zone_field(label: Any) -> ZoneColumn:
    """A time zone, or nothing."""
    return ZoneColumn(verbose_name=label, null=True, blank=True)


class BusinessModel(models.Model):
    """A named definition of the service provided: kinds, account kinds, and the feature set.

    ``rights`` is the feature set: a customer of this model holds no other right, whatever is
    granted to it (customers.selectors).
    """

    owner = models.ForeignKey(Customer, models.PROTECT, related_name="business_models")
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    kinds = ArrayField(
        models.CharField(max_length=12, choices=Kind.choices), verbose_name=_("kinds")
    )
    account_kinds = ArrayField(
        models.CharField(max_length=4), verbose_name=_("account types"), default=list, blank=True
    )
    rights = ArrayField(
        models.CharField(max_length=30), verbose_name=_("features"), default=list, blank=True
    )

    objects: ClassVar = BusinessModelQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="business_model_name_taken",
                violation_error_message=_("A business model of this name exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class ParameterSet(models.Model):
    """What a class sets for its customers, and a customer for itself; empty: inherited.

    A customer's own value counts, else its class's, else the product's default
    (customers.selectors.parameters). Empty is None, or an empty text. What is in ``nothing`` is
    empty too, but inherits nothing: never, none, without end.
    """

    nothing = ArrayField(models.CharField(max_length=30), default=list, blank=True, editable=False)

    # Automatic reports
    report_at = models.TimeField(_("send at"), null=True, blank=True)
    report_timezone = zone_field(_("time zone of reports"))
    report_recipients = models.CharField(
        _("recipient"), max_length=8, choices=Recipients.choices, blank=True
    )
    usage_summary = models.BooleanField(_("daily usage summary"), null=True, blank=True)
    usage_non_zero_only = models.BooleanField(_("non-zero only"), null=True, blank=True)
    usage_grouping = models.CharField(
        _("group by"), max_length=9, choices=UsageGrouping.choices, blank=True
    )
    balance_summary = models.BooleanField(_("daily balance summary"), null=True, blank=True)
    daily_cdrs = models.BooleanField(_("daily CDR file"), null=True, blank=True)
    cdr_format = models.CharField(
        _("format of the CDR file"), max_length=4, choices=CdrFileFormat.choices, blank=True
    )
    sign_in_notice = models.BooleanField(_("sign-in notification"), null=True, blank=True)
    # Short call charge
    short_calls = models.BooleanField(_("short call charge"), null=True, blank=True)
    short_call_seconds = models.PositiveSmallIntegerField(
        _("a call is short up to"), choices=ShortCallSeconds.choices, null=True, blank=True
    )
    short_call_percent = percent_field(_("charged above (% of the answered calls)"))
    short_call_price = OptionalPriceField(_("charge per short call"), blank=True)
    short_call_basis = models.CharField(
        _("what is charged"), max_length=6, choices=ShortCallBasis.choices, blank=True
    )
    # Invoices
    auto_invoice = models.BooleanField(_("auto invoice"), null=True, blank=True)
    invoice_settings = models.ForeignKey(
        "billing.InvoiceSettings",
        models.PROTECT,
        verbose_name=_("invoice settings"),
        null=True,
        blank=True,
        related_name="+",
    )
    payment_term = models.ForeignKey(
        "billing.PaymentTerm",
        models.PROTECT,
        verbose_name=_("payment term"),
        null=True,
        blank=True,
        related_name="+",
    )
    invoice_format = models.CharField(
        _("invoice format"), max_length=4, choices=InvoiceFormat.choices, blank=True
    )
    invoice_timezone = zone_field(_("time zone of invoices"))
    invoice_at = models.TimeField(_("generate at"), null=True, blank=True)
    rate_decimals = models.PositiveSmallIntegerField(
        _("rate decimals"), null=True, blank=True, validators=[MaxValueValidator(8)]
    )
    rate_value = models.CharField(
        _("rate value"), max_length=7, choices=RateValue.choices, blank=True
    )
    invoice_non_zero_only = models.BooleanField(_("non-zero total only"), null=True, blank=True)
    invoice_sections = ArrayField(
        models.CharField(max_length=12, choices=InvoiceSection.choices),
        verbose_name=_("included in the invoice"),
        null=True,
        blank=True,
    )
    grace_days = models.PositiveSmallIntegerField(_("grace days"), null=True, blank=True)
    tax = models.ForeignKey(
        "billing.Tax",
        models.PROTECT,
        verbose_name=_("tax"),
        null=True,
        blank=True,
        related_name="+",
    )
    minimum_commitment = OptionalPriceField(_("minimum commitment per period"), blank=True)
    tax_percent = percent_field(_("tax (%)"))
    rounding = models.CharField(
        _("tax is rounded"), max_length=5, choices=Rounding.choices, blank=True
    )
    # Notifications
    notifications = models.BooleanField(_("notifications"), null=True, blank=True)
    low_balance_amount = models.DecimalField(
        _("low balance below"), max_digits=20, decimal_places=6, null=True, blank=True
    )
    low_balance_percent = percent_field(_("or below this part of the credit limit (%)"))
    low_balance_frequency = models.CharField(
        _("sent"), max_length=6, choices=Frequency.choices, blank=True
    )
    low_balance_at = models.TimeField(_("sent at"), null=True, blank=True)
    low_balance_timezone = zone_field(_("time zone of notifications"))
    low_balance_days = models.PositiveSmallIntegerField(
        _("sent for at most (days)"), null=True, blank=True
    )
    disable_trunks_after_days = models.PositiveSmallIntegerField(
        _("disable trunks after (days)"), null=True, blank=True
    )
    trunk_update_notice = models.BooleanField(_("send trunk updates"), null=True, blank=True)
    payment_notice = models.BooleanField(_("payment received alert"), null=True, blank=True)
    zero_balance_notice = models.BooleanField(_("zero balance alert"), null=True, blank=True)
    credit_thresholds = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100)]),
        verbose_name=_("told when this much of the credit limit is used (%)"),
        null=True,
        blank=True,
    )

    class Meta:
        abstract = True
        default_permissions = ()


class CustomerClass(ParameterSet):
    """A live, shared set of parameters: its customers inherit what they do not set themselves."""

    owner = models.ForeignKey(Customer, models.PROTECT, related_name="classes")
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)

    objects: ClassVar = CustomerClassQuerySet.as_manager()

    class Meta(ParameterSet.Meta):
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="customer_class_name_taken",
                violation_error_message=_("A customer class of this name exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class CustomerParameters(ParameterSet):
    """What a customer's owner set for it alone; a customer without a row inherits everything."""

    customer = models.OneToOneField(
        Customer, models.CASCADE, primary_key=True, related_name="parameters"
    )

    class Meta(ParameterSet.Meta):
        pass

    def __str__(self) -> str:
        return str(self.customer_id)


class CustomField(models.Model):
    """A further field that the customers of a class have."""

    customer_class = models.ForeignKey(CustomerClass, models.CASCADE, related_name="fields")
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("type"), max_length=6, choices=FieldKind.choices)
    options = ArrayField(
        models.CharField(max_length=100), verbose_name=_("options"), default=list, blank=True
    )
    default = models.CharField(_("default"), max_length=500, blank=True)
    is_mandatory = models.BooleanField(_("mandatory"), default=False)
    visibility = models.CharField(
        _("the customer"), max_length=6, choices=Visibility.choices, default=Visibility.HIDDEN
    )
    is_personal = models.BooleanField(_("personal data"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = CustomFieldQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ("position", "pk")
        constraints = [
            models.UniqueConstraint(
                "customer_class",
                Lower("name"),
                condition=models.Q(archived_at=None),
                name="custom_field_name_taken",
                violation_error_message=_("A field of this name exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def owner_id(self) -> int:
        """Whose customers have the field."""
        return self.customer_class.owner_id


class CustomFieldValue(models.Model):
    """What a customer's custom field holds, as text: a date as 2026-11-21, a number with a dot."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="custom_values")
    field = models.ForeignKey(CustomField, models.PROTECT, related_name="values")
    value = models.CharField(max_length=500)

    objects: ClassVar = CustomFieldValueQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("customer", "field", name="custom_field_value_once")]

    def __str__(self) -> str:
        return self.value
