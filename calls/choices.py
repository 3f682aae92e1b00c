"""The fixed values of calls and CDR imports."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.choices import HoldReason
from softswitch.core.choices import ToneChoices

REASONS = (
    "",
    HoldReason.NO_TARIFF.value,
    HoldReason.NO_RATE.value,
    HoldReason.FORBIDDEN.value,
    HoldReason.NO_EXCHANGE_RATE.value,
)
"""What the codes of pricing mean (calls.services.pricing), 0 is none."""


class CallResult(ToneChoices):
    """What became of a call, as the CDR pages show it; ``ANSWERED`` to whoever sees no charges."""

    CHARGED = "charged", "ok", _("Charged")
    FREE = "free", "", _("Not charged")
    ANSWERED = "answered", "ok", _("Answered")
    FAILED = "failed", "off", _("Failed")
    WAITING = "waiting", "info", _("Waiting")
    UNRATED = "unrated", "bad", _("Unrated")


class CdrImportState(ToneChoices):
    """The life of an uploaded CDR file."""

    WAITING = "waiting", "info", _("Waiting")
    RUNNING = "running", "info", _("Running")
    DONE = "done", "ok", _("Done")
    FAILED = "failed", "bad", _("Failed")


class MonthState(ToneChoices):
    """Where a month of the big tables stands."""

    READY = "ready", "info", _("Ready")
    STORED = "stored", "ok", _("Stored")
    ARCHIVED = "archived", "off", _("Archived")


class CdrFormat(models.TextChoices):
    """The CDR formats that can be read (calls.parsers.registry)."""

    FREESWITCH_CSV = "freeswitch_csv", _("FreeSWITCH mod_cdr_csv")
    FREESWITCH_JSON = "freeswitch_json", _("FreeSWITCH JSON CDR")
    ASTERISK_CSV = "asterisk_csv", _("Asterisk Master.csv")
    KAMAILIO_ACC = "kamailio_acc", _("Kamailio acc, a row per transaction")
    KAMAILIO_CDRS = "kamailio_cdrs", _("Kamailio acc_cdrs, a row per call")
    GENERIC_CSV = "generic_csv", _("Generic CSV")


class ReRatingState(ToneChoices):
    """The life of a re-rating."""

    WAITING = "waiting", "info", _("Waiting")
    PREVIEWING = "previewing", "info", _("Previewing")
    PREVIEWED = "previewed", "warn", _("Previewed")
    APPLYING = "applying", "info", _("Applying")
    APPLIED = "applied", "ok", _("Applied")
    UNDOING = "undoing", "info", _("Undoing")
    UNDONE = "undone", "off", _("Undone")
    FAILED = "failed", "bad", _("Stopped")
    DISCARDED = "discarded", "off", _("Discarded")


class ReRatingReason(models.TextChoices):
    """Why the new terms leave a call as it is; all but the last are those of a hold."""

    NO_TARIFF = "no_tariff", _("No tariff")
    NO_RATE = "no_rate", _("No rate")
    FORBIDDEN = "forbidden", _("Forbidden")
    NO_EXCHANGE_RATE = "no_exchange_rate", _("No exchange rate")
    CHAIN = "chain", _("Other payers than then")


class Grain(models.IntegerChoices):
    """How finely a row of traffic is kept: what a sum needs is read at the coarsest that has it."""

    DETAIL = 0, "quarter of an hour, all dimensions"
    DAY = 1, "UTC day, all dimensions"
    PLAIN = 2, "quarter of an hour, without account, trunk and destination"


class ReportGroup(models.TextChoices):
    """What a report has a row for each of."""

    CUSTOMER = "customer", _("Customer")
    DESTINATION = "destination", _("Destination")
    DESTINATION_GROUP = "destination_group", _("Destination group")
    COUNTRY = "country", _("Country")
    DAY = "day", _("Day")
    HOUR = "hour", _("Hour")
    TRUNK = "trunk", _("Trunk")
    ACCOUNT = "account", _("Account")


class ReportPeriod(models.TextChoices):
    """The periods that a report offers beside two dates."""

    TODAY = "today", _("Today")
    YESTERDAY = "yesterday", _("Yesterday")
    THIS_MONTH = "this_month", _("This month")
    LAST_MONTH = "last_month", _("Last month")


class Refusal(models.TextChoices):
    """Why a call could not start at a level, as the simulator says it."""

    NO_TARIFF = "no_tariff", _("No tariff was in force.")
    NO_RATE = "no_rate", _("There is no rate for this number.")
    FORBIDDEN = "forbidden", _("The destination is forbidden.")
    NO_EXCHANGE_RATE = "no_exchange_rate", _("There is no exchange rate.")
    UNPROFITABLE = "unprofitable", _("The profit is below the minimum.")
    LOSS = "loss", _("Loss protection: the call costs more than it brings.")


UNAVAILABLE = 503
"""The SIP code of a refusal above the caller's own level: neither which nor why."""


class Cause(StrEnum):
    """Why a switch may not start a call, each with the SIP code by which the caller is told.

    Those that the simulator tells too have the values of Refusal, those of a customer that lets no
    call start the values of Standing.
    """

    sip_code: int

    def __new__(cls, value: str, sip_code: int = UNAVAILABLE) -> "Cause":
        member = str.__new__(cls, value)
        member._value_ = value
        member.sip_code = sip_code
        return member

    UNKNOWN = "unknown", 403
    INVALID_NUMBER = "invalid_number", 484
    INACTIVE_ACCOUNT = "inactive_account", 403
    EXPIRED_ACCOUNT = "expired_account", 403
    INACTIVE_TRUNK = "inactive_trunk", 403
    LOW_BALANCE_TRUNK = "low_balance_trunk", 402
    INACTIVE_HOST = "inactive_host", 403
    NONE_ALLOWED = "none_allowed", 403
    ARCHIVED = "archived", 403
    CLOSED = "closed", 403
    INACTIVE = "inactive", 403
    SUSPENDED = "suspended", 402
    EXHAUSTED = "exhausted", 402
    INSUFFICIENT_FUNDS = "insufficient_funds", 402
    FORBIDDEN = Refusal.FORBIDDEN.value, 403
    NO_RATE = Refusal.NO_RATE.value, 404
    NO_TARIFF = Refusal.NO_TARIFF.value, UNAVAILABLE
    NO_EXCHANGE_RATE = Refusal.NO_EXCHANGE_RATE.value, UNAVAILABLE
    UNPROFITABLE = Refusal.UNPROFITABLE.value, UNAVAILABLE
    LOSS = Refusal.LOSS.value, UNAVAILABLE


Q850_CAUSES = {402: 21, 403: 21, 404: 1, 484: 28, 503: 41}
"""What ends a call in ISDN terms for each SIP code of Cause (RFC 3398)."""


class WhatIfState(ToneChoices):
    """The life of a what-if."""

    WAITING = "waiting", "info", _("Waiting")
    RUNNING = "running", "info", _("Running")
    DONE = "done", "ok", _("Done")
    FAILED = "failed", "bad", _("Failed")


class ChangeKind(models.TextChoices):
    """What takes the place of the terms that calls were charged by."""

    TARIFF = "tariff", _("Another tariff")
    DRAFT = "draft", _("A rate sheet that is not applied")
    MARKUP = "markup", _("A mark-up on a tariff")


class ChangeSide(models.TextChoices):
    """Whether what is sold changes, or what is bought."""

    SELL = "sell", _("What customers pay")
    BUY = "buy", _("What the seller pays")


class ChangeTime(models.TextChoices):
    """Of when the other terms are."""

    NOW = "now", _("As in force now")
    CALL = "call", _("As in force when each call was made")
    DATE = "date", _("As in force at a date")


class WhatIfGroup(models.TextChoices):
    """What the result of a what-if has a row for each of."""

    CUSTOMER = "customer", _("Customer")
    DESTINATION = "destination", _("Destination")
    PAIR = "pair", _("Customer and destination")
    SELLER = "seller", _("Seller")


class ResultPart(models.TextChoices):
    """Which rows of an answer are shown."""

    LOSS = "loss", _("What turns to a loss")
    UNRATED = "unrated", _("What the new terms cannot rate")


class ReportKind(models.TextChoices):
    """The automatic reports: each is a parameter of customers, and the event that tells it."""

    USAGE = "usage_summary", _("Daily usage summary")
    BALANCE = "balance_summary", _("Daily balance summary")
    CDRS = "daily_cdrs", _("Daily CDR file")


REPORT_RIGHTS = {
    ReportKind.USAGE: "reports.view",
    ReportKind.BALANCE: "balance.view",
    ReportKind.CDRS: "cdrs.view",
}
"""What a viewer needs to see a report of each kind."""


class DailyReportState(ToneChoices):
    """How far an automatic report came; its letters have a state of their own."""

    WAITING = "waiting", "info", _("Waiting")
    SENT = "sent", "ok", _("Sent")
    UNADDRESSED = "unaddressed", "warn", _("No e-mail address")
    FAILED = "failed", "bad", _("Failed")
