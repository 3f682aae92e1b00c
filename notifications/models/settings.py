"""How a customer's mail leaves: its name, its server, its words."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from notifications.choices import Event, MailSecurity
from notifications.querysets import OwnedQuerySet
from softswitch.core.fields import ReasonField


class MailSettings(models.Model):
    """From whom a customer's mail comes and through which server; empty: the installation's.

    An address of its own needs a server of its own: the installation's may not send in the name of
    other domains. The password is sealed (softswitch.core.sealing) and shown to nobody.
    """

    owner = models.OneToOneField(
        "customers.Customer", models.CASCADE, primary_key=True, related_name="mail_settings"
    )
    sender_name = models.CharField(_("sender name"), max_length=200, blank=True)
    sender_address = models.EmailField(_("sender address"), blank=True)
    reply_to = models.EmailField(_("reply to"), blank=True)
    host = models.CharField(_("SMTP server"), max_length=253, blank=True)
    port = models.PositiveIntegerField(
        _("port"), default=587, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    security = models.CharField(
        _("encryption"),
        max_length=8,
        choices=MailSecurity.choices,
        default=MailSecurity.STARTTLS,
        blank=True,
    )
    user = models.CharField(_("user name"), max_length=200, blank=True)
    password = models.BinaryField(null=True, editable=False)
    logo = models.ForeignKey(
        "notifications.Attachment", models.PROTECT, null=True, editable=False, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="mail_settings_address_needs_server",
                condition=Q(sender_address="") | ~Q(host=""),
                violation_error_message=_("An address of your own needs your own SMTP server."),
            )
        ]

    def __str__(self) -> str:
        return self.sender_address or self.sender_name


class MailRest(models.Model):
    """A mail server that failed, and until when no letter tries it; gone once it answers again.

    ``owner``: whose own server it is, None for the installation's. ``failures``: how many in a row.
    """

    owner = models.ForeignKey("customers.Customer", models.CASCADE, null=True, related_name="+")
    failures = models.PositiveSmallIntegerField(default=0)
    until = models.DateTimeField()
    reason = ReasonField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["owner"], name="mail_rest_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} until {self.until}"


class MessageTemplate(models.Model):
    """An owner's own words for one event in one language; without one the neutral ones count."""

    owner = models.ForeignKey(
        "customers.Customer", models.CASCADE, related_name="message_templates"
    )
    event = models.CharField(_("event"), max_length=40, choices=Event.choices)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=250)
    body = models.TextField(_("text"), max_length=10_000)
    changed_at = models.DateTimeField(default=now)

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("owner", "event", "language", name="message_template_once")
        ]

    def __str__(self) -> str:
        return self.subject
