"""The fixed values of calls and CDR imports."""

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
