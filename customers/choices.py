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
    SUSPENDED = "suspended", "stop", _("Suspended")
    OVERDUE = "overdue", "bad", _("Overdue")
    BLOCKED = "blocked", "bad", _("Blocked by owner")
    UNAVAILABLE = "unavailable", "bad", _("Not available from your provider")
    EXHAUSTED = "exhausted", "bad", _("Exhausted")
    LOW = "low", "warn", _("Low balance")
    OK = "ok", "ok", _("Active")


class Role(models.TextChoices):
    """How a user's role narrows the rights of its customer."""

    ADMINISTRATOR = "administrator", _("Administrator")
    BILLING = "billing", _("Billing")
    REPORTER = "reporter", _("Reporter")
    NOC = "noc", _("NOC")
    READ_ONLY = "read_only", _("Read-only")


class LoginState(ToneChoices):
    """Whether a user can sign in."""

    OPEN = "open", "ok", _("Active")
    INVITED = "invited", "info", _("Invited")
    BLOCKED = "blocked", "bad", _("Blocked")


class Theme(models.TextChoices):
    """How the pages look to a user."""

    SYSTEM = "auto", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class ProfitUnit(models.TextChoices):
    """What the minimum profitability of a customer counts."""

    PER_MINUTE = "per_minute", _("Per minute")
    PERCENT = "percent", _("Percent")


class SignInOutcome(ToneChoices):
    """How a try to sign in ended."""

    OK = "ok", "ok", _("Signed in")
    PASSWORD = "password", "warn", _("Wrong login or password")
    CODE = "code", "warn", _("Wrong code")
    BLOCKED = "blocked", "bad", _("Blocked")
    ADDRESS = "address", "bad", _("Address not allowed")
    THROTTLED = "throttled", "bad", _("Too many tries")


class Recipients(models.TextChoices):
    """Who receives automatic reports; where no billing e-mail is known, the main e-mail."""

    OWNER = "owner", _("My billing")
    CUSTOMER = "customer", _("Partner billing")
    BOTH = "both", _("Both")


class UsageGrouping(models.TextChoices):
    """The rows of the daily usage summary."""

    COUNTRY = "country", _("By country")
    CODE_NAME = "code_name", _("By code name")
    CODE = "code", _("By code")


class CdrFileFormat(models.TextChoices):
    """The daily CDR file."""

    CSV = "csv", _("CSV")
    XLSX = "xlsx", _("XLSX")


class ShortCallSeconds(models.IntegerChoices):
    """Up to which duration an answered call is short."""

    S6 = 6, _("6 seconds")
    S12 = 12, _("12 seconds")
    S18 = 18, _("18 seconds")
    S24 = 24, _("24 seconds")
    S30 = 30, _("30 seconds")


class ShortCallBasis(models.TextChoices):
    """Which short calls are charged once there are too many."""

    ALL = "all", _("All short calls")
    EXCESS = "excess", _("Only those above the limit")


class InvoiceFormat(models.TextChoices):
    """The file of an invoice."""

    PDF = "pdf", _("PDF")
    HTML = "html", _("HTML")


class RateValue(models.TextChoices):
    """The prices on an invoice: a line per distinct rate, or one with the average."""

    ACTUAL = "actual", _("Actual value")
    AVERAGE = "average", _("Average value")


class InvoiceSection(models.TextChoices):
    """What an invoice can show beside its lines."""

    TAX = "tax", _("Tax")
    PAYMENTS = "payments", _("Summary of payments")
    BY_COUNTRY = "by_country", _("By country")
    BY_TRUNK = "by_trunk", _("By trunk")
    BY_DAY = "by_day", _("By day")
    RATE_TABLE = "rate_table", _("Rate table")
    CDRS = "cdrs", _("CDR annex (CSV / XLSX)")


class Rounding(models.TextChoices):
    """Where the tax of an invoice is rounded."""

    LINE = "line", _("Per line")
    TOTAL = "total", _("On the total")


class Frequency(models.TextChoices):
    """How often a low balance is told."""

    DAILY = "daily", _("Daily")
    HOURLY = "hourly", _("Hourly")


class FieldKind(models.TextChoices):
    """What a custom field holds."""

    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    DATE = "date", _("Date")
    LIST = "list", _("List")


class Visibility(models.TextChoices):
    """What the customer itself does with a custom field."""

    HIDDEN = "hidden", _("Does not see it")
    READ = "read", _("Reads it")
    EDIT = "edit", _("Edits it")


class RecordKind(models.TextChoices):
    """What a file of records holds."""

    CUSTOMER = "customer", _("Customers")
    ACCOUNT = "account", _("Accounts")


class ImportState(ToneChoices):
    """How far an import of records has come."""

    CHECKING = "checking", "info", _("Checking")
    CHECKED = "checked", "info", _("Ready to apply")
    APPLYING = "applying", "info", _("Applying")
    APPLIED = "applied", "ok", _("Applied")
    FAILED = "failed", "bad", _("Failed")
    DISCARDED = "discarded", "off", _("Discarded")
