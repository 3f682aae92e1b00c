"""The bell: what a customer's users are told in the portal itself."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from notifications.choices import Event
from notifications.querysets import NoticeQuerySet


class Notice(models.Model):
    """Something that the users of ``recipient`` are told; its words are made when it is read.

    ``values`` are the event's fields as webhooks get them, so that each reader has them in its own
    language. ``right``: which right a reader needs; with ``user`` it is for that login alone.
    """

    recipient = models.ForeignKey("customers.Customer", models.CASCADE, related_name="notices")
    account = models.ForeignKey(
        "accounts.Account", models.CASCADE, null=True, related_name="notices"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="notices"
    )
    right = models.CharField(max_length=30, blank=True)
    event = models.CharField(_("event"), max_length=40, choices=Event.choices)
    values = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    path = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=200, null=True)  # noqa: DJ001 - NULL: no key
    created_at = models.DateTimeField(default=now)

    objects: ClassVar = NoticeQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("recipient", "key", name="notice_once")]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notice_by_recipient"),
            BrinIndex("created_at", name="notice_by_time", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.created_at}"

    @property
    def about(self) -> str:
        """Who it is about, as it was called then."""
        return str(self.values.get("customer.company", ""))


class NoticeMark(models.Model):
    """Up to which notice a login has read: those with a larger number are new to it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notice_mark"
    )
    read_to = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id} to {self.read_to}"
