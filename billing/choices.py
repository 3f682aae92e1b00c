"""The fixed values of balances, ledger entries and billing periods."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Mode(models.TextChoices):
    """How a balance is paid."""

    PREPAID = "prepaid", _("Prepaid")
    POSTPAID = "postpaid", _("Postpaid")


class PeriodType(models.TextChoices):
    """The calendars of billing periods (billing.periods)."""

    DAILY = "daily", _("Daily")
    WEEKLY = "weekly", _("Weekly")
    SEMIMONTHLY = "semimonthly", _("Semimonthly")
    MONTHLY = "monthly", _("Monthly")
    ANNIVERSARY = "anniversary", _("Monthly (anniversary)")
    DAYS_30 = "30_days", _("30 days")


class EntryKind(models.TextChoices):
    """What a ledger entry stands for."""

    OPENING = "opening", _("Opening balance")
    DEBIT = "debit", _("Debit")
    CREDIT = "credit", _("Credit")
    ADD_FUNDS = "add_funds", _("Add funds")
    VOUCHER = "voucher", _("Voucher")
    RESET = "reset", _("Balance reset")
    REVERSAL = "reversal", _("Reversal")
    WRITE_OFF = "write_off", _("Write-off")
    PAY_OUT = "pay_out", _("Paid out")
    FORFEIT = "forfeit", _("Forfeited")
    USAGE = "usage", _("Calls")


# What becomes of money, and of a debt, on a balance that takes no more Maintenance.
SURPLUS = (EntryKind.PAY_OUT, EntryKind.FORFEIT)
DEBT = (EntryKind.ADD_FUNDS, EntryKind.WRITE_OFF)


class MaintenanceAction(models.TextChoices):
    """What the Maintenance form can do to a balance."""

    DEBIT = EntryKind.DEBIT.value, _("Debit (−)")
    CREDIT = EntryKind.CREDIT.value, _("Credit (+), an adjustment")
    ADD_FUNDS = EntryKind.ADD_FUNDS.value, _("Add funds (+), a payment received")


class HoldReason(models.TextChoices):
    """Why a call could not be charged, and so holds back the closing of its chain's periods."""

    UNKNOWN = "unknown", _("Unknown account or trunk")
    NO_RATE = "no_rate", _("No rate")
    FORBIDDEN = "forbidden", _("Forbidden destination")
    NO_TARIFF = "no_tariff", _("No tariff")
    NO_EXCHANGE_RATE = "no_exchange_rate", _("No exchange rate")
    ERROR = "error", _("Could not be charged")
