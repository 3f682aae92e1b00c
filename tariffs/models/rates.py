"""The rows of tariffs: what calls to a prefix cost."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from softswitch.core.fields import LARGEST_PRICE, PrefixField, PriceField
from tariffs.models.profiles import RateProfile
from tariffs.models.tariffs import Tariff
from tariffs.querysets import RateQuerySet


class Rate(models.Model):
    """The price of calls to a prefix; a row that has been used is only ever closed.

    The indexes are what the rate table of a large tariff is found and sorted by; all begin with the
    tariff, since every tariff holds the same prefixes and destinations.
    """

    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="rates", db_index=False)
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
    profile = models.ForeignKey(
        RateProfile,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="rates",
        db_index=False,
        verbose_name=_("time-of-day profile"),
    )

    objects: ClassVar = RateQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            GinIndex("tariff", OpClass(Upper("destination"), "gin_trgm_ops"), name="rate_part"),
            models.Index(fields=["tariff", "destination", "id"], name="rate_by_destination"),
            models.Index(fields=["tariff", "country", "prefix"], name="rate_by_country"),
            models.Index(
                fields=["tariff", "valid_from", "id"], include=["valid_till"], name="rate_by_start"
            ),
            models.Index(
                fields=["tariff", "valid_till"],
                condition=Q(valid_till__isnull=False),
                name="rate_by_end",
            ),
            models.Index(
                fields=["tariff", "prefix"], condition=Q(is_forbidden=True), name="rate_forbidden"
            ),
            models.Index("profile", name="rate_by_profile", condition=Q(profile__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tariff", "prefix", "valid_from", "profile"],
                name="rate_once",
                nulls_distinct=False,
            ),
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
        return self.prefix or str(_("Default"))
