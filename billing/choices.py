"""The fixed values of balances, ledger entries and billing periods."""

from datetime import UTC, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from softswitch.core.choices import ToneChoices


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
    TRANSFER = "transfer", _("Transfer")
    FEE = "fee", _("Fee")
    SURCHARGE = "surcharge", _("Short call charge")
    MINIMUM = "minimum", _("Minimum commitment")
    TAX = "tax", _("Tax")
    ROUNDING = "rounding", _("Rounding")
    CREDIT_NOTE = "credit_note", _("Credit note")
    USAGE = "usage", _("Calls")


# What issuing an invoice posts to its period; voiding it reverses them.
ISSUED = (
    EntryKind.FEE,
    EntryKind.SURCHARGE,
    EntryKind.MINIMUM,
    EntryKind.TAX,
    EntryKind.ROUNDING,
)
# What a person posts that is a line of its own.
ADJUSTMENTS = (EntryKind.DEBIT, EntryKind.CREDIT)
# What an invoice has as lines: with usage, all that its total consists of.
BILLED = (*ADJUSTMENTS, *ISSUED)
# What an invoice calls payments: money that came in or went out.
PAYMENTS = (
    EntryKind.OPENING,
    EntryKind.ADD_FUNDS,
    EntryKind.VOUCHER,
    EntryKind.TRANSFER,
    EntryKind.PAY_OUT,
)
# What settles invoices where it is positive, and takes from what was paid where it is negative. A
# reversal counts as what it reverses.
SETTLING = (
    EntryKind.OPENING,
    EntryKind.ADD_FUNDS,
    EntryKind.VOUCHER,
    EntryKind.TRANSFER,
    EntryKind.WRITE_OFF,
    EntryKind.RESET,
    EntryKind.PAY_OUT,
    EntryKind.FORFEIT,
    EntryKind.CREDIT_NOTE,
)
# Money that a payer has paid in; a transfer and an opening balance are such where positive.
PAID_IN = (EntryKind.ADD_FUNDS, EntryKind.VOUCHER)
# The source of what online payments post: Add Funds, and what was given back of them.
ONLINE = "online"
# All kinds that such a payment, or what took it back or gave it back, can be of.
MAY_BE_PAID_IN = (
    *PAID_IN,
    EntryKind.OPENING,
    EntryKind.TRANSFER,
    EntryKind.REVERSAL,
    EntryKind.PAY_OUT,
)
# What its issuer may take back by an entry of the opposite amount. Usage is re-rated, what an
# invoice has posted is voided or credited.
REVERSIBLE = (
    EntryKind.OPENING,
    EntryKind.DEBIT,
    EntryKind.CREDIT,
    EntryKind.ADD_FUNDS,
    EntryKind.VOUCHER,
    EntryKind.RESET,
    EntryKind.WRITE_OFF,
    EntryKind.TRANSFER,
)
# What becomes of money, and of a debt, on a balance that takes no more Maintenance.
SURPLUS = (EntryKind.PAY_OUT, EntryKind.FORFEIT)
DEBT = (EntryKind.ADD_FUNDS, EntryKind.WRITE_OFF)


class MaintenanceAction(models.TextChoices):
    """What the Maintenance form can do to a balance."""

    DEBIT = EntryKind.DEBIT.value, _("Debit (−)")
    CREDIT = EntryKind.CREDIT.value, _("Credit (+), an adjustment")
    ADD_FUNDS = EntryKind.ADD_FUNDS.value, _("Add funds (+), a payment received")


class Direction(models.TextChoices):
    """The two ways of a transfer."""

    TO_ACCOUNT = "to_account", _("From the customer to the account")
    TO_CUSTOMER = "to_customer", _("From the account back to the customer")


class PaymentSide(models.TextChoices):
    """Who has paid, as the reader of a list of payments sees it."""

    RECEIVED = "received", _("Received")
    MADE = "made", _("Made by us")


class HoldReason(models.TextChoices):
    """Why a call could not be charged, and so holds back the closing of its chain's periods."""

    UNKNOWN = "unknown", _("Unknown account or trunk")
    NO_RATE = "no_rate", _("No rate")
    FORBIDDEN = "forbidden", _("Forbidden destination")
    NO_TARIFF = "no_tariff", _("No tariff")
    NO_EXCHANGE_RATE = "no_exchange_rate", _("No exchange rate")
    ERROR = "error", _("Could not be charged")


class FinalInvoice(models.TextChoices):
    """What becomes of the drafts of a balance that ends, its last one among them."""

    ISSUE = "issue", _("Issued")
    DISCARD = "discard", _("Discarded")


class PeriodOutcome(ToneChoices):
    """What came of a billing period; empty while it is open."""

    OPEN = "", "off", _("Open")
    DRAFTED = "drafted", "ok", _("Closed, with an invoice")
    ZERO = "zero", "off", _("Closed, nothing to invoice")
    NOT_BILLED = "not_billed", "off", _("Closed, not billed")
    DISCARDED = "discarded", "off", _("Closed, its invoice discarded")


class ClosingState(ToneChoices):
    """How far the period that a balance closes next has come."""

    RUNNING = "running", "off", _("Not over yet")
    DELAYED = "delayed", "off", _("Waits for late calls")
    HELD = "held", "warn", _("Held by unrated calls")
    DUE = "due", "bad", pgettext_lazy("state", "Due")


# When a balance that has ended closes next, its last period being closed.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


class InvoiceKind(models.TextChoices):
    """The two documents that an owner issues."""

    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class InvoiceState(models.TextChoices):
    """What is stored of an invoice; what is paid of it follows from its open amount."""

    DRAFT = "draft", _("Draft")
    ISSUED = "issued", _("Issued")
    VOID = "void", _("Void")


class InvoiceStatus(ToneChoices):
    """The one badge of an invoice (InvoiceQuerySet.with_status)."""

    DRAFT = "draft", "off", _("Draft")
    ISSUED = "issued", "info", _("Issued")
    PARTLY_PAID = "partly_paid", "warn", _("Partly paid")
    OVERDUE = "overdue", "bad", _("Overdue")
    PAID = "paid", "ok", pgettext_lazy("invoice", "Paid")
    CREDITED = "credited", "ok", _("Credited")  # every issued credit note: nobody pays it
    VOID = "void", "off", _("Void")


class LineKind(models.TextChoices):
    """What a line of an invoice bills."""

    USAGE = "usage", _("Calls")
    LATE = "late", _("Calls of earlier periods")
    ADJUSTMENT = "adjustment", _("Adjustment")
    FEE = "fee", _("Fee")
    SURCHARGE = "surcharge", _("Short call charge")
    MINIMUM = "minimum", _("Minimum commitment")


class LineGrouping(models.TextChoices):
    """What one line of calls stands for."""

    DESTINATION = "destination", _("Destination")
    COUNTRY = "country", _("Country")
    PREFIX = "prefix", _("Prefix")


class TaxMode(models.TextChoices):
    """Whether prices hold the tax already."""

    ADDED = "added", _("Added to the prices")
    INCLUDED = "included", _("Included in the prices")
    NONE = "none", _("No tax")


class TaxCategory(models.TextChoices):
    """The categories of EN 16931 (UNCL 5305) that services are in."""

    STANDARD = "S", _("Standard rate")
    ZERO = "Z", _("Zero rated")
    EXEMPT = "E", _("Exempt")
    REVERSE_CHARGE = "AE", _("Reverse charge")
    EXPORT = "G", _("Export outside the EU")
    OUTSIDE = "O", _("Outside the scope of tax")


class FeeKind(models.TextChoices):
    """How often a fee is billed."""

    ONCE = "once", _("Once")
    RECURRING = "recurring", _("Every billing period")


class FileKind(models.TextChoices):
    """The files that are made of an invoice."""

    PDF = "pdf", "PDF"
    HTML = "html", "HTML"
    XML = "xml", "XML"


class ProviderKind(models.TextChoices):
    """The online providers that there is a driver for (billing.services.providers)."""

    STRIPE = "stripe", _("Stripe")


class OnlineState(ToneChoices):
    """How far an online payment came."""

    PENDING = "pending", "info", _("Pending")
    PAID = "paid", "ok", _("Paid")
    FAILED = "failed", "bad", _("Failed")
    EXPIRED = "expired", "off", _("Expired")
    REFUNDED = "refunded", "warn", _("Refunded")
    DISPUTED = "disputed", "bad", _("Disputed")
    REFUSED = "refused", "bad", _("Amount differs")


class DunningKind(models.TextChoices):
    """A step of dunning, as its log has it."""

    REMINDER_BEFORE = "reminder_before", _("Reminder before the due date")
    REMINDER_AFTER = "reminder_after", _("Reminder after the due date")
    OVERDUE = "overdue", _("Overdue")
    EXCUSED = "excused", _("Not suspended for this invoice")
    PROMISED = "promised", _("Promise to pay")
    SUSPENDED = "suspended", _("Suspended")
    LIFTED = "lifted", _("Lifted")


# The letters about one invoice; each is written once for it.
REMINDERS = (DunningKind.REMINDER_BEFORE, DunningKind.REMINDER_AFTER)
# What happens to one invoice once, whatever becomes of it; undone it stays what has happened.
ONCE = (*REMINDERS, DunningKind.OVERDUE)


class AlertLevel(ToneChoices):
    """What alerts say of a balance; the first that applies."""

    EMPTY = "empty", "bad", _("Used up")
    LOW = "low", "warn", _("Low")
    OK = "ok", "ok", _("OK")


class DunningState(ToneChoices):
    """How far dunning has come with a balance that owes."""

    SUSPENDED = "suspended", "stop", _("Suspended")
    PROMISED = "promised", "warn", _("Promised to pay")
    OVERDUE = "overdue", "bad", _("Overdue")
