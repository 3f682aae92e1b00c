"""The fixed values of messages: what caused one, and how far it came."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from softswitch.core.choices import ToneChoices

# Stands in stored bodies for a link that is a secret: the link is made when the letter is sent.
LINK_MARK = "%%SET-PASSWORD-LINK%%"


class Event(models.TextChoices):
    """What a message is about; its texts are templates/mail/<value>.txt, .html and _subject.txt."""

    SET_PASSWORD = "set_password", _("Set-password link")
    WELCOME = "welcome", _("Welcome letter")
    LOW_BALANCE = "low_balance", _("Low balance")
    TOP_UP_FAILED = "top_up_failed", _("Automatic top-up failed")
    PAYMENT = "payment", _("Payment received")
    INVOICE_DUE = "invoice_due", _("Invoice due")
    INVOICE_OVERDUE = "invoice_overdue", _("Invoice overdue")
    SUSPENDED = "suspended", _("Suspended")
    LIFTED = "lifted", _("Suspension lifted")
    RATES = "rates", _("Rate notification")
    INVOICE = "invoice", _("Invoice issued")
    TEST = "test", _("Test mail")


class MessageStatus(ToneChoices):
    """How far a message came; an uncertain one may have arrived and is never resent by itself."""

    QUEUED = "queued", "info", _("Queued")
    SENDING = "sending", "info", _("Sending")
    SENT = "sent", "ok", _("Sent")
    FAILED = "failed", "bad", _("Failed")
    UNCERTAIN = "uncertain", "warn", _("Uncertain")
