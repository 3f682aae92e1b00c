"""The fixed values of tariffs, rates and rate imports."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from softswitch.core.choices import ToneChoices


class Rounding(models.TextChoices):
    """How a tariff rounds durations and costs; the values are those of tariffs.rating."""

    HALF_UP = "half_up", _("Half up")
    UP = "up", _("Up")


class LossProtection(models.TextChoices):
    """What a tariff does with calls sold below their cost."""

    OFF = "off", _("Off")
    REFUSE = "refuse", _("Refuse")


class MarkupKind(models.TextChoices):
    """How the prices of a copied tariff follow from the old ones."""

    NONE = "none", _("None")
    PERCENT = "percent", _("Percent")
    FIXED = "fixed", _("Amount per minute")

    @property
    def limits(self) -> tuple[int, int]:
        """The least and the most amount: a discount only in percent, at most all of it."""
        return (-100 if self == MarkupKind.PERCENT else 0), 10_000


class ImportState(ToneChoices):
    """The life of a rate import."""

    UPLOADED = "uploaded", "info", _("Waiting")
    CHECKING = "checking", "info", _("Checking")
    COLUMNS = "columns", "warn", _("Columns to check")
    READY = "ready", "warn", _("Ready to apply")
    REJECTED = "rejected", "bad", _("Rejected")
    APPLYING = "applying", "info", _("Applying")
    APPLIED = "applied", "ok", _("Applied")
    CANCELLED = "cancelled", "off", _("Cancelled")
    UNDOING = "undoing", "info", _("Rolling back")
    UNDONE = "undone", "off", _("Rolled back")


class RateSource(models.TextChoices):
    """Where an exchange rate came from."""

    MANUAL = "manual", _("By hand")
    CSV = "csv", _("CSV file")
    ECB = "ecb", _("European Central Bank")


class Change(ToneChoices):
    """What an imported row does to the tariff."""

    NEW = "new", "ok", _("New")
    INCREASED = "increased", "warn", _("Increased")
    DECREASED = "decreased", "info", _("Decreased")
    CHANGED = "changed", "info", _("Changed")
    UNCHANGED = "unchanged", "off", _("Unchanged")
    CLOSED = "closed", "bad", _("Closed")


class Effect(models.TextChoices):
    """What applying an import did to a rate of the tariff."""

    OPENED = "opened", _("Opened")
    ENDED = "ended", _("Ended")
    WITHDRAWN = "withdrawn", _("Withdrawn")
