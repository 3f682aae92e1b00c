"""The log of messages, webhooks and their log, and the notices of the bell."""

from collections.abc import Callable
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from customers.tenancy import Actor
from notifications.choices import DeliveryStatus, Event, MessageStatus, NoticeState
from notifications.models import Notice, Webhook
from notifications.selectors import may_manage_webhook, may_resend, may_resend_event, shown_url
from softswitch.core.chrome import RowAction
from softswitch.core.display import listed
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    DateTimeColumn,
    LinkColumn,
    NumberColumn,
    StatusColumn,
    Table,
    TextColumn,
)


class MessageTable(Table):
    """What was sent, newest first."""

    subject = LinkColumn(
        "notifications:message_detail",
        verbose_name=_("Subject"),
        narrow=("recipient", "created_at"),
    )
    recipient = TextColumn(verbose_name=_("Recipient"), priority=1)
    created_at = DateTimeColumn(verbose_name=_("Created"), priority=1)
    customer = TextColumn(accessor="customer_name", verbose_name=_("Customer"), priority=2)
    event = Column(verbose_name=_("Event"), priority=2)
    attempts = NumberColumn(verbose_name=_("Attempts"), priority=3)
    status = StatusColumn(MessageStatus, verbose_name=_("Status"))
    actions = ActionsColumn(
        RowAction(
            _("Send again"),
            "notifications:message_resend",
            "arrow-path",
            post=True,
            shown=may_resend,
        ),
        name="subject",
    )

    class Meta:
        order_by = "-created_at"


class EventsColumn(Column):
    """The events of a webhook in words."""

    css = "soft"

    def render(self, value: list[str]) -> str:
        return listed(Event(event).label for event in value)

    def value(self, value: list[str]) -> str:
        return self.render(value)


class UrlColumn(TextColumn):
    """Where a webhook leads, as far as the viewer may know."""

    def render(self, value: object, record: Any = None, table: Any = None) -> SafeString:
        return super().render(shown_url(record, table.actor))

    def value(self, value: object, record: Any = None, table: Any = None) -> str:
        return shown_url(record, table.actor)


class OnColumn(Column):
    """Whether a webhook is told anything."""

    def render(self, value: bool) -> str:  # noqa: FBT001 - django-tables2 calls it so
        return str(_("On") if value else _("Off"))

    def value(self, value: bool) -> str:  # noqa: FBT001
        return self.render(value)


def is_manageable(record: Webhook, actor: Actor) -> bool:
    """Whether the actor may change the row."""
    return may_manage_webhook(actor, record)


class WebhookTable(Table):
    """The webhooks of an owner."""

    name = LinkColumn("notifications:webhook_detail", verbose_name=_("Name"), ignore_case=True)
    url = UrlColumn(verbose_name=_("URL"), priority=1)
    events = EventsColumn(verbose_name=_("Events"), orderable=False, priority=2)
    is_active = OnColumn(verbose_name=_("Active"))
    last_at = DateTimeColumn(verbose_name=_("Last event"), priority=2)
    last_status = StatusColumn(DeliveryStatus, verbose_name=_("Last delivery"))
    actions = ActionsColumn(
        RowAction(_("Edit"), "notifications:webhook_edit", "pencil-square", shown=is_manageable),
        RowAction(
            _("Archive"),
            "notifications:webhook_archive",
            "archive-box",
            danger=True,
            more=True,
            shown=is_manageable,
        ),
    )

    class Meta:
        order_by = "name"


class DeliveryTable(Table):
    """What was told to webhooks, newest first."""

    event = LinkColumn(
        "notifications:delivery_detail", verbose_name=_("Event"), narrow=("webhook", "created_at")
    )
    webhook = TextColumn(accessor="webhook__name", verbose_name=_("Webhook"), priority=1)
    created_at = DateTimeColumn(verbose_name=_("Created"), priority=1)
    customer = TextColumn(accessor="customer_name", verbose_name=_("Customer"), priority=2)
    attempts = NumberColumn(verbose_name=_("Attempts"), priority=3)
    http_status = Column(verbose_name=_("HTTP status"), css="num", priority=2)
    status = StatusColumn(DeliveryStatus, verbose_name=_("Status"))
    actions = ActionsColumn(
        RowAction(
            _("Send again"),
            "notifications:delivery_resend",
            "arrow-path",
            post=True,
            shown=may_resend_event,
        ),
        name="event",
    )

    class Meta:
        order_by = "-created_at"


class NoticeColumn(Column):
    """What happened, in the reader's words, linked to the page that shows it."""

    css = "name"

    def render(self, record: Notice, table: "NoticeTable", bound_row: Any) -> SafeString:
        cells = [bound_row.get_cell(name) for name in ("created_at",) if name in table.columns]
        text = table.words(record)
        context = {"url": record.path, "text": text, "second": "", "cells": cells}
        return render_to_string("components/cell_link.html", context)

    def value(self, value: Any, record: Any = None, table: Any = None) -> str:
        return str(table.words(record))


class NoticeTable(Table):
    """What the reader's customer is told, newest first; ``words`` says a notice in one line."""

    words: Callable[[Notice], str]

    notice = NoticeColumn(accessor="event", verbose_name=_("Notice"), orderable=False)
    about = TextColumn(verbose_name=_("Customer"), orderable=False, priority=2)
    event = Column(verbose_name=_("Event"), orderable=False, priority=3)
    created_at = DateTimeColumn(verbose_name=_("Time"), orderable=False, priority=1)
    state = StatusColumn(NoticeState, verbose_name=_("State"), orderable=False)
