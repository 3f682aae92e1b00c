"""Addresses of programs that are told what happens, and what was told to them."""

from typing import ClassVar
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from notifications.choices import DeliveryStatus, Event
from notifications.querysets import OwnedQuerySet, WebhookDeliveryQuerySet
from softswitch.core.fields import ReasonField


class Webhook(models.Model):
    """A program of an owner that is told of some events.

    ``secret`` signs what it is told; after a change the previous one signs too, until
    ``previous_until``, so that the program has time to learn the new one. Both are sealed.
    """

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="webhooks")
    name = models.CharField(_("name"), max_length=80)
    url = models.URLField(_("URL"), max_length=500)
    events = ArrayField(
        models.CharField(max_length=40, choices=Event.choices), verbose_name=_("events")
    )
    secret = models.BinaryField(editable=False)
    previous_secret = models.BinaryField(null=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ("name", "pk")
        constraints = [
            models.CheckConstraint(
                name="webhook_previous_secret",
                condition=Q(previous_secret=None, previous_until=None)
                | Q(previous_secret__isnull=False, previous_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One event on its way to one webhook: the very bytes that are posted, until it takes them.

    Delivered at least once: what may have arrived is posted again, under the same ``event_id``.
    ``lease_until`` is that of Message.
    """

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    event = models.CharField(_("event"), max_length=40, choices=Event.choices)
    event_id = models.UUIDField(_("event ID"), default=uuid4)
    payload = models.TextField()
    status = models.CharField(
        _("status"), max_length=9, choices=DeliveryStatus.choices, default=DeliveryStatus.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=now)
    lease_until = models.DateTimeField(default=now)
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    last_error = ReasonField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)

    objects: ClassVar = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("webhook", "event_id", name="webhook_event_once")]
        indexes = [
            models.Index(fields=["webhook", "-created_at"], name="webhook_delivery_by_time"),
            models.Index(
                "lease_until",
                name="webhook_delivery_unfinished",
                condition=Q(status__in=("queued", "sending")),
            ),
            BrinIndex("created_at", name="webhook_delivery_age", autosummarize=True),
        ]

    def __str__(self) -> str:
        return str(self.event_id)
