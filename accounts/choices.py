"""The fixed values of accounts, trunks and hosts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from softswitch.core.choices import ToneChoices


class AccountKind(models.TextChoices):
    """What an account identifies."""

    SIP = "sip", _("SIP account")
    CARD = "card", _("Prepaid card")


class Charging(ToneChoices):
    """How the calls of an account are charged: with its customer's, or at a tariff of its own."""

    WITH_CUSTOMER = "with_customer", "", _("With the customer")
    BY_ITSELF = "by_itself", "info", _("By itself")


class ResourceStatus(ToneChoices):
    """Whether an account, a trunk or a host may be used."""

    ACTIVE = "active", "ok", _("Active")
    INACTIVE = "inactive", "off", _("Inactive")


class AccountState(ToneChoices):
    """The badge of an account: its status, and whether its time is over."""

    ACTIVE = "active", "ok", _("Active")
    INACTIVE = "inactive", "off", _("Inactive")
    EXPIRED = "expired", "off", _("Expired")


class CardState(ToneChoices):
    """How far the life of a prepaid card has come; the first that applies counts."""

    BLOCKED = "blocked", "bad", _("Blocked")
    EXPIRED = "expired", "off", _("Expired")
    USED = "used", "ok", _("Used")
    UNUSED = "unused", "info", _("Unused")


class VoucherStatus(ToneChoices):
    """Whether a voucher can be redeemed; new and expired follow from its batch's dates."""

    NEW = "new", "info", _("New")
    ACTIVE = "active", "ok", _("Active")
    USED = "used", "off", _("Used")
    BLOCKED = "blocked", "bad", _("Blocked")
    EXPIRED = "expired", "off", _("Expired")
