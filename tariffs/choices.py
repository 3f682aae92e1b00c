"""The fixed values of tariffs, rates and rate imports."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Rounding(models.TextChoices):
    """How a tariff rounds durations and costs; the values are those of tariffs.rating."""

    HALF_UP = "half_up", _("Half up")
    UP = "up", _("Up")


class LossProtection(models.TextChoices):
    """What a tariff does with calls sold below their cost."""

    OFF = "off", _("Off")
    REFUSE = "refuse", _("Refuse")


class ImportState(models.TextChoices):
    """The life of a rate import."""

    UPLOADED = "uploaded", _("Waiting")
    CHECKING = "checking", _("Checking")
    READY = "ready", _("Ready to apply")
    REJECTED = "rejected", _("Rejected")
    APPLYING = "applying", _("Applying")
    APPLIED = "applied", _("Applied")
    CANCELLED = "cancelled", _("Cancelled")


class Change(models.TextChoices):
    """What an imported row does to the tariff."""

    NEW = "new", _("New")
    INCREASED = "increased", _("Increased")
    DECREASED = "decreased", _("Decreased")
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    CLOSED = "closed", _("Closed")
