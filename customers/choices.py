"""The fixed values of customers and users: value, label and badge tone declared together."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from softswitch.core.choices import ToneChoices


class Kind(models.TextChoices):
    """What a customer is for; it bounds the rights that it can be given (permissions.KINDS)."""

    ROOT = "root", _("Root")
    RESELLER = "reseller", _("Reseller")
    BUSINESS = "business", _("Business")
    RESIDENTIAL = "residential", _("Residential")
    TERMINATION = "termination", _("Termination partner")
    VIRTUAL = "virtual", _("Virtual")


class Status(ToneChoices):
    """The manual status: inactive stops calls, closed stops calls and logins."""

    ACTIVE = "active", "ok", _("Active")
    INACTIVE = "inactive", "off", _("Inactive")
    CLOSED = "closed", "off", _("Closed")


class Standing(ToneChoices):
    """The one badge of a customer: status, money and whoever stands above it, evaluated.

    See billing.selectors.standing.
    """

    ARCHIVED = "archived", "off", _("Archived")
    CLOSED = "closed", "off", _("Closed")
    INACTIVE = "inactive", "off", _("Inactive")
    BLOCKED = "blocked", "bad", _("Blocked by owner")
    UNAVAILABLE = "unavailable", "bad", _("Not available from your provider")
    EXHAUSTED = "exhausted", "bad", _("Exhausted")
    OK = "ok", "ok", _("Active")


class Role(models.TextChoices):
    """How a user's role narrows the rights of its customer."""

    ADMINISTRATOR = "administrator", _("Administrator")
    BILLING = "billing", _("Billing")
    REPORTER = "reporter", _("Reporter")
    NOC = "noc", _("NOC")
    READ_ONLY = "read_only", _("Read-only")


class Theme(models.TextChoices):
    """How the pages look to a user."""

    SYSTEM = "auto", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class ProfitUnit(models.TextChoices):
    """What the minimum profitability of a customer counts."""

    PER_MINUTE = "per_minute", _("Per minute")
    PERCENT = "percent", _("Percent")
