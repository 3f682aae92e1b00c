"""Currencies and dated exchange rates."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from softswitch.core.fields import RateOfExchangeField
from tariffs.choices import RateSource
from tariffs.querysets import PublicQuerySet


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
    source = models.CharField(max_length=20, choices=RateSource.choices, default=RateSource.MANUAL)
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
