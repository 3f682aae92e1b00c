"""Currencies, dated exchange rates, tariffs with their versions, rates, and rate imports."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from timezone_field import TimeZoneField

from softswitch.core.constraints import never_twice
from softswitch.core.fields import (
    LARGEST_PRICE,
    OptionalPriceField,
    PrefixField,
    PriceField,
    RateOfExchangeField,
)
from tariffs.choices import Change, ImportState, LossProtection, Rounding
from tariffs.querysets import (
    AssignmentQuerySet,
    PublicQuerySet,
    RateImportErrorQuerySet,
    RateImportQuerySet,
    RateImportRowQuerySet,
    RateQuerySet,
    TariffQuerySet,
)


class Currency(models.Model):
    """An ISO 4217 currency; exactly one is the base, in which exchange rates are quoted."""

    code = models.CharField(_("code"), max_length=3, primary_key=True)
    name = models.CharField(_("name"), max_length=80)
    decimals = models.PositiveSmallIntegerField()
    is_base = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    objects: ClassVar = PublicQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint("is_base", condition=Q(is_base=True), name="currency_one_base")
        ]

    def __str__(self) -> str:
        return self.code


class ExchangeRate(models.Model):
    """What one unit of ``currency`` is worth in the base currency, from 00:00 UTC of ``valid_on``.

    In force is the latest row at or before the moment; of one day the row entered last. A row that
    has been used is never changed: a correction is a new row.
    """

    currency = models.ForeignKey(Currency, models.PROTECT, related_name="rates")
    valid_on = models.DateField(_("valid from"))
    rate = RateOfExchangeField(_("rate"))
    source = models.CharField(max_length=20, default="manual")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)

    objects: ClassVar = PublicQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["currency", "-valid_on", "-id"], name="exchange_rate_in_force")
        ]
        constraints = [
            models.CheckConstraint(name="exchange_rate_positive", condition=Q(rate__gt=0))
        ]

    def __str__(self) -> str:
        return f"{self.currency_id} {self.valid_on}"


class Tariff(models.Model):
    """A price list that its owner sells from. What prices a call is in its versions and rates.

    ``rates_revision`` grows with every change of rates or versions; caches of them hang on it.
    """

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="tariffs")
    name = models.CharField(_("name"), max_length=120)
    currency = models.ForeignKey(Currency, models.PROTECT)
    timezone = TimeZoneField(verbose_name=_("time zone"), default="UTC", use_pytz=False)
    average_call_duration = models.PositiveIntegerField(
        _("average call duration"), default=180, validators=[MinValueValidator(1)]
    )
    loss_protection = models.CharField(
        _("loss protection"),
        max_length=6,
        choices=LossProtection.choices,
        default=LossProtection.OFF,
    )
    is_default = models.BooleanField(_("default for new customers"), default=False)
    rates_revision = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = TariffQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                condition=Q(archived_at=None),
                name="tariff_name_taken",
                violation_error_message=_("You have a tariff of this name."),
            ),
            models.UniqueConstraint(
                "owner",
                condition=Q(is_default=True, archived_at=None),
                name="tariff_one_default_per_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TariffVersion(models.Model):
    """The parameters of a tariff from ``valid_from`` on; a change closes one and opens another."""

    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="versions")
    connect_fee = PriceField(_("connect fee"), default=Decimal(0))
    free_seconds = models.PositiveIntegerField(_("free seconds"), default=0)
    grace_period = models.PositiveIntegerField(_("grace period"), default=0)
    post_call_surcharge = models.DecimalField(
        _("post-call surcharge"),
        max_digits=9,
        decimal_places=6,
        default=Decimal(0),
        validators=[MinValueValidator(-1), MaxValueValidator(100)],
    )
    duration_rounding = models.CharField(
        _("duration rounding"), max_length=7, choices=Rounding.choices, default=Rounding.UP
    )
    cost_rounding = models.CharField(
        _("cost rounding"), max_length=7, choices=Rounding.choices, default=Rounding.HALF_UP
    )
    decimals = models.PositiveSmallIntegerField(
        _("decimals"), default=5, validators=[MaxValueValidator(6)]
    )
    is_not_billed = models.BooleanField(_("not billed"), default=False)
    valid_from = models.DateTimeField()
    valid_till = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            never_twice("tariff_version_no_overlap", "tariff"),
            models.CheckConstraint(
                name="tariff_version_values",
                condition=Q(
                    connect_fee__range=(0, LARGEST_PRICE),
                    post_call_surcharge__range=(-1, 100),
                    decimals__lte=6,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff_id} from {self.valid_from:%Y-%m-%d}"


class Rate(models.Model):
    """The price of calls to a prefix; a row that has been used is only ever closed."""

    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="rates")
    prefix = PrefixField(_("prefix"), blank=True)
    destination = models.CharField(_("destination"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    price_1 = PriceField(_("price 1"))
    price_n = PriceField(_("price N"))
    interval_1 = models.PositiveIntegerField(_("interval 1"), default=1)
    interval_n = models.PositiveIntegerField(_("interval N"), default=1)
    is_forbidden = models.BooleanField(_("forbidden"), default=False)
    grace_enabled = models.BooleanField(_("grace enabled"), default=False)
    valid_from = models.DateTimeField(_("valid from"), default=now)
    valid_till = models.DateTimeField(_("valid till"), null=True, blank=True)

    objects: ClassVar = RateQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("tariff", "prefix", "valid_from", name="rate_once"),
            models.CheckConstraint(
                name="rate_values",
                condition=Q(
                    price_1__range=(0, LARGEST_PRICE),
                    price_n__range=(0, LARGEST_PRICE),
                    interval_1__gte=1,
                    interval_n__gte=1,
                ),
            ),
            models.CheckConstraint(
                name="rate_prefix_digits", condition=Q(prefix__regex=r"^[0-9]*$")
            ),
            models.CheckConstraint(
                name="rate_valid_range",
                condition=Q(valid_till=None) | Q(valid_till__gt=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.prefix


class TariffAssignment(models.Model):
    """Which tariff a customer pays by, when."""

    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="tariff_assignments"
    )
    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="assignments")
    valid_from = models.DateTimeField()
    valid_till = models.DateTimeField(null=True)

    objects: ClassVar = AssignmentQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [never_twice("tariff_assignment_no_overlap", "customer")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.tariff_id}"


class RateImport(models.Model):
    """An uploaded rate sheet: checked by a job, shown as a preview, applied all or nothing."""

    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="imports")
    file = models.FileField(upload_to="rate-imports/%Y/%m")
    file_name = models.CharField(max_length=255)
    state = models.CharField(
        max_length=9, choices=ImportState.choices, default=ImportState.UPLOADED
    )
    is_full_replacement = models.BooleanField(_("the sheet is complete"), default=False)
    effective_at = models.DateTimeField(_("valid from"), null=True, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    failure = models.TextField(blank=True)
    revision_checked = models.PositiveBigIntegerField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = RateImportQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.file_name


class RateImportRow(models.Model):
    """One accepted line of a sheet, staged until the import is applied."""

    rate_import = models.ForeignKey(RateImport, models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    change = models.CharField(max_length=9, choices=Change.choices)
    prefix = PrefixField(blank=True)
    destination = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True)
    price_1 = PriceField()
    price_n = PriceField()
    interval_1 = models.PositiveIntegerField()
    interval_n = models.PositiveIntegerField()
    is_forbidden = models.BooleanField(default=False)
    grace_enabled = models.BooleanField(default=False)
    valid_from = models.DateTimeField()
    valid_till = models.DateTimeField(null=True)
    price_before = OptionalPriceField()

    objects: ClassVar = RateImportRowQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index("rate_import", "change", "prefix", name="import_row_by_change")]

    def __str__(self) -> str:
        return f"{self.line}: {self.prefix}"


class RateImportError(models.Model):
    """One rejected line of a sheet: where, which field, and why."""

    rate_import = models.ForeignKey(RateImport, models.CASCADE, related_name="errors")
    line = models.PositiveIntegerField()
    field = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    raw = models.CharField(max_length=500)

    objects: ClassVar = RateImportErrorQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index("rate_import", "line", name="import_error_by_line")]

    def __str__(self) -> str:
        return f"{self.line}: {self.field}"
