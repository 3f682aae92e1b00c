"""The outbox: a row per message, written with its cause; and the count of asked-for links."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from notifications.choices import LINK_MARK, Event, MessageStatus
from notifications.querysets import MessageQuerySet
from softswitch.core.fields import ReasonField


class Attachment(models.Model):
    """A file as it is sent, kept once for all the letters of one cause."""

    name = models.CharField(_("name"), max_length=120)
    content_type = models.CharField(max_length=80)
    content = models.BinaryField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """One letter to one address, rendered when it was caused and sent by a worker.

    ``owner`` is whose mail it is, ``customer`` whom it is about, ``user`` the login whose
    set-password link it carries. The bodies hold LINK_MARK in its place: no secret is stored.
    ``lease_until`` says until when a worker is expected to do the next step; later, the sweep
    takes the row up. ``data_started_at`` is committed before the server gets the first byte of the
    letter, so that a worker's death tells whether it may have arrived. ``purged_at``: since when
    its text and files are gone (services.retention); it cannot be sent again.
    """

    owner = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="sent_messages", verbose_name=_("sender")
    )
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="messages", verbose_name=_("customer")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="messages"
    )
    event = models.CharField(_("event"), max_length=40, choices=Event.choices)
    key = models.CharField(max_length=200, unique=True, null=True)  # noqa: DJ001 - NULL: no key

    sender_name = models.CharField(_("from"), max_length=200)
    reply_to = models.EmailField(_("reply to"), blank=True)
    recipient = models.EmailField(_("recipient"))
    language = models.CharField(_("language"), max_length=10)
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField()
    html = models.TextField()
    attachment = models.ForeignKey(
        Attachment, models.PROTECT, null=True, related_name="messages", verbose_name=_("attachment")
    )
    logo = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+")
    message_id = models.CharField(max_length=250, unique=True)

    status = models.CharField(
        _("status"), max_length=9, choices=MessageStatus.choices, default=MessageStatus.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=now)
    lease_until = models.DateTimeField(default=now)
    data_started_at = models.DateTimeField(null=True)
    last_error = ReasonField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    bounced_at = models.DateTimeField(_("bounced"), null=True)
    purged_at = models.DateTimeField(null=True)

    objects: ClassVar = MessageQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["-created_at"], name="message_by_time"),
            models.Index(fields=["owner", "-created_at"], name="message_by_owner"),
            models.Index(
                fields=["user", "-created_at"],
                name="message_by_user",
                condition=Q(user__isnull=False),
            ),
            models.Index(
                "lease_until",
                name="message_unfinished",
                condition=Q(status__in=("queued", "sending")),
            ),
            models.Index("created_at", name="message_unpurged", condition=Q(purged_at=None)),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def shown_text(self) -> str:
        """The text as a log or a preview shows it: "[link]" for the secret."""
        return self.text.replace(LINK_MARK, "[link]")

    @property
    def shown_html(self) -> str:
        """The source of the HTML part, "[link]" for the secret; escape it before showing it."""
        return self.html.replace(LINK_MARK, "[link]")


class LinkRequest(models.Model):
    """Somebody asked for a set-password link from ``ip``: what throttles asking; kept for a day."""

    ip = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(default=now)

    class Meta:
        default_permissions = ()
        indexes = [models.Index("ip", "at", name="link_request_by_ip")]

    def __str__(self) -> str:
        return f"{self.ip} {self.at}"
