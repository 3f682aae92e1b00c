"""The fixed values of accounts, trunks and hosts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from softswitch.core.choices import ToneChoices


class AccountKind(models.TextChoices):
    """What an account identifies."""

    SIP = "sip", _("SIP account")


class Charging(ToneChoices):
    """How the calls of an account are charged: with its customer's, or at a tariff of its own."""

    WITH_CUSTOMER = "with_customer", "", _("With the customer")
    BY_ITSELF = "by_itself", "info", _("By itself")


class ResourceStatus(ToneChoices):
    """Whether an account, a trunk or a host may be used."""

    ACTIVE = "active", "ok", _("Active")
    INACTIVE = "inactive", "off", _("Inactive")
