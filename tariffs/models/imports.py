"""Uploaded rate sheets, staged until they are applied."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from softswitch.core.fields import OptionalPriceField, PrefixField, PriceField
from tariffs.choices import Change, Effect, ImportState
from tariffs.models.tariffs import Tariff
from tariffs.querysets import (
    ImportProfileQuerySet,
    RateImportErrorQuerySet,
    RateImportQuerySet,
    RateImportRowQuerySet,
)


class RateImport(models.Model):
    """An uploaded rate sheet: checked by a job, shown as a preview, applied all or nothing.

    ``outline`` holds the first lines of each sheet, from which ``layout`` (how the file is read,
    tariffs.parsers.layout) was guessed; with ``asks_columns`` a person confirms it before the
    check. ``is_partial``: the rejected lines were left out. ``letters`` counts who was mailed.
    """

    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="imports")
    file = models.FileField(upload_to="rate-imports/%Y/%m")
    file_name = models.CharField(_("file"), max_length=255)
    codes_file = models.FileField(upload_to="rate-imports/%Y/%m", blank=True)
    codes_file_name = models.CharField(max_length=255, blank=True)
    asks_columns = models.BooleanField(default=False)
    outline = models.JSONField(default=dict)
    layout = models.JSONField(default=dict)
    profile_name = models.CharField(_("profile"), max_length=80, blank=True)
    state = models.CharField(
        max_length=9, choices=ImportState.choices, default=ImportState.UPLOADED
    )
    is_full_replacement = models.BooleanField(_("the sheet is complete"), default=False)
    effective_at = models.DateTimeField(_("valid from"), null=True, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    failure = models.TextField(blank=True)
    revision_checked = models.PositiveBigIntegerField(null=True)
    is_partial = models.BooleanField(default=False)
    applied_at = models.DateTimeField(null=True)
    notifies = models.BooleanField(default=False)
    notified_at = models.DateTimeField(null=True)
    letters = models.JSONField(default=dict)
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


class RateImportEffect(models.Model):
    """What applying an import did to one rate: what a roll-back takes back.

    ``till_before`` and ``till_after`` are the rate's end; ``row`` is the whole row of a withdrawn
    one, which is gone (so ``rate_id`` is no foreign key).
    """

    rate_import = models.ForeignKey(RateImport, models.CASCADE, related_name="effects")
    rate_id = models.BigIntegerField()
    kind = models.CharField(max_length=9, choices=Effect.choices)
    till_before = models.DateTimeField(null=True)
    till_after = models.DateTimeField(null=True)
    row = models.JSONField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.rate_id}"


class ImportProfile(models.Model):
    """A named layout of the sheets of a tariff, found again by the headings of their columns."""

    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="import_profiles")
    name = models.CharField(_("name"), max_length=80)
    heads = models.TextField()
    layout = models.JSONField()
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = ImportProfileQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("tariff", Lower("name"), name="import_profile_taken"),
        ]

    def __str__(self) -> str:
        return self.name
