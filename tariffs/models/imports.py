"""Uploaded rate sheets, staged until they are applied."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from softswitch.core.fields import OptionalPriceField, PrefixField, PriceField
from tariffs.choices import Change, ImportState
from tariffs.models.tariffs import Tariff
from tariffs.querysets import RateImportErrorQuerySet, RateImportQuerySet, RateImportRowQuerySet


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
