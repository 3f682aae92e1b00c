"""The fixed values of messages: what caused one, and how far it came."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from softswitch.core.choices import ToneChoices

# Stands in stored bodies for a link that is a secret: the link is made when the letter is sent.
LINK_MARK = "%%SET-PASSWORD-LINK%%"


class Event(models.TextChoices):
    """What happened; notifications.catalogue says of each its fields, words and who is told."""

    SET_PASSWORD = "set_password", _("Set-password link")
    WELCOME = "welcome", _("Welcome letter")
    LOW_BALANCE = "low_balance", _("Low balance")
    ZERO_BALANCE = "zero_balance", _("Zero balance")
    CREDIT_LIMIT = "credit_limit", _("Credit limit threshold")
    TRUNKS_DISABLED = "trunks_disabled", _("Trunks disabled")
    TRUNKS_ENABLED = "trunks_enabled", _("Trunks enabled again")
    PAYMENT = "payment", _("Payment received")
    TOP_UP_FAILED = "top_up_failed", _("Automatic top-up failed")
    TRUNK_UPDATE = "trunk_update", _("Trunk update")
    SIGN_IN = "sign_in", _("Sign-in")
    INVOICE = "invoice", _("Invoice issued")
    INVOICE_DUE = "invoice_due", _("Invoice due")
    INVOICE_OVERDUE = "invoice_overdue", _("Invoice overdue")
    SUSPENDED = "suspended", _("Suspended")
    LIFTED = "lifted", _("Suspension lifted")
    RATES = "rates", _("Rate notification")
    CLOSING_FAILED = "closing_failed", _("Closing failed")
    IMPORT_FINISHED = "import_finished", _("Import finished")
    USAGE_SUMMARY = "usage_summary", _("Daily usage summary")
    BALANCE_SUMMARY = "balance_summary", _("Daily balance summary")
    DAILY_CDRS = "daily_cdrs", _("Daily CDR file")
    TEST = "test", _("Test mail")


# The letters that carry a set-password link; no other has one, whatever its text says.
LINKED = frozenset({Event.SET_PASSWORD, Event.WELCOME})
# What webhooks are not told: letters that carry a secret, and that to try out mail.
UNHOOKED = LINKED | {Event.TEST}
HOOKED = [(event.value, event.label) for event in Event if event not in UNHOOKED]


class Mailbox(models.TextChoices):
    """Which address of a customer a message goes to; each falls back to the main one."""

    MAIN = "main", _("main e-mail")
    BILLING = "billing", _("billing e-mail")
    NOC = "noc", _("NOC e-mail")
    RATES = "rates", _("rates e-mail")
    LOGIN = "login", _("address of the login")


class MailSecurity(models.TextChoices):
    """How the connection to a mail server is kept from listeners."""

    NONE = "", _("None")
    STARTTLS = "starttls", "STARTTLS"
    TLS = "tls", "TLS"


class MailStep(models.TextChoices):
    """How far the handing over of a letter comes, in this order."""

    CONNECTION = "connection", _("Connection")
    ENCRYPTION = "encryption", _("Encryption")
    SIGN_IN = "sign_in", _("Sign-in")
    SENDER = "sender", _("Sender")
    RECIPIENT = "recipient", _("Recipient")
    LETTER = "letter", _("Letter")


class MessageStatus(ToneChoices):
    """How far a message came; an uncertain one may have arrived and is never resent by itself."""

    QUEUED = "queued", "info", _("Queued")
    SENDING = "sending", "info", _("Sending")
    SENT = "sent", "ok", _("Sent")
    FAILED = "failed", "bad", _("Failed")
    UNCERTAIN = "uncertain", "warn", _("Uncertain")
    BOUNCED = "bounced", "bad", _("Bounced")


class NoticeState(ToneChoices):
    """Whether a login has marked a notice as read."""

    NEW = "new", "info", _("New")
    READ = "read", "", _("Read")


class DeliveryStatus(ToneChoices):
    """How far an event came on its way to a webhook."""

    QUEUED = "queued", "info", _("Queued")
    SENDING = "sending", "info", _("Sending")
    DELIVERED = "delivered", "ok", _("Delivered")
    FAILED = "failed", "bad", _("Failed")
