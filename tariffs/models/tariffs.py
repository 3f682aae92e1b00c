"""Tariffs, their dated parameters, and who pays by which."""

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from softswitch.core.constraints import never_twice
from softswitch.core.fields import LARGEST_PRICE, PriceField, ZoneColumn
from tariffs.choices import LossProtection, Rounding
from tariffs.models.currencies import Currency
from tariffs.querysets import AssignmentQuerySet, TariffQuerySet


class Tariff(models.Model):
    """A price list that its owner sells from. What prices a call is in its versions and rates.

    ``rates_revision`` grows with every change of rates or versions; caches of them hang on it.
    ``creation_key`` is that of the form by which it was copied, so that one sent twice copies once.
    """

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="tariffs")
    name = models.CharField(_("name"), max_length=120)
    currency = models.ForeignKey(Currency, models.PROTECT)
    timezone = ZoneColumn(verbose_name=_("time zone"), default="UTC")
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
    changed_at = models.DateTimeField(_("last change"), default=now, editable=False)
    creation_key = models.UUIDField(null=True, unique=True, editable=False)
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
