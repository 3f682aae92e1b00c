"""Webhooks in the API: list, add, archive, and what was told to them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from notifications.choices import HOOKED, DeliveryStatus
from notifications.models import Webhook, WebhookDelivery
from notifications.selectors import live_webhooks
from notifications.services.webhook_settings import archive_webhook, create_webhook
from notifications.services.webhooks import resend_event
from softswitch.core.api import REFUSALS, ErrorOut, In, Paging, actor_of, visible, visible_or_404

router = Router(tags=["Webhooks"])
RIGHT = "profile.edit"
EVENTS = ", ".join(event for event, _label in HOOKED)


class WebhookIn(In):
    """A new webhook of the token's own customer."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    url: Annotated[str, Field(max_length=500)]
    events: Annotated[list[str], Field(max_length=50, description=f"Some of: {EVENTS}")]
    is_active: bool = True


class WebhookOut(Schema):
    """A webhook."""

    id: int
    name: str
    url: str
    events: list[str]
    is_active: bool
    created_at: datetime


class NewWebhookOut(WebhookOut):
    """A webhook that was just made: its secret is given this once."""

    secret: str


class WebhookPage(Schema):
    """Some webhooks, and what to ask ``after`` for more."""

    items: list[WebhookOut]
    next: int | None


class DeliveryOut(Schema):
    """One event on its way to one webhook, and what became of it."""

    id: int
    webhook_id: int
    event: str
    event_id: UUID
    payload: str
    status: str
    attempts: int
    next_attempt_at: datetime
    http_status: int | None
    answer: str
    last_error: str
    created_at: datetime
    delivered_at: datetime | None


class DeliveryPage(Schema):
    """Some deliveries, and what to ask ``after`` for more."""

    items: list[DeliveryOut]
    next: int | None


class DeliverySearch(Paging):
    """Which deliveries: those in one state."""

    status: Literal["queued", "sending", "delivered", "failed"] | None = None

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Of ``rows`` those that were asked for."""
        return rows if self.status is None else rows.filter(status=DeliveryStatus(self.status))


@router.get("/webhooks", response={200: WebhookPage, REFUSALS: ErrorOut})
def list_webhooks(request: HttpRequest, search: Query[Paging]) -> Any:
    """The webhooks of the token's own customer, in order of id."""
    return search.page(webhooks_of(actor_of(request, RIGHT)))


@router.post("/webhooks", response={201: NewWebhookOut, REFUSALS: ErrorOut})
def add_webhook(request: HttpRequest, body: WebhookIn) -> Any:
    """Have a program told of events; its secret is in this answer and in no other."""
    webhook, secret = create_webhook(actor=actor_of(request, RIGHT), values=body.model_dump())
    told = WebhookOut.from_orm(webhook).model_dump()
    return Status(201, NewWebhookOut(**told, secret=secret))


@router.get("/webhooks/{key}", response={200: WebhookOut, REFUSALS: ErrorOut})
def get_webhook(request: HttpRequest, key: int) -> Any:
    """One webhook."""
    return visible_or_404(webhooks_of(actor_of(request, RIGHT)), key)


@router.post("/webhooks/{key}/archive", response={204: None, REFUSALS: ErrorOut})
def archive(request: HttpRequest, key: int) -> Any:
    """Tell a program nothing any more. There is no undo."""
    actor = actor_of(request, RIGHT)
    archive_webhook(actor=actor, webhook=visible_or_404(webhooks_of(actor), key))
    return Status(204, None)


@router.get("/webhooks/{key}/deliveries", response={200: DeliveryPage, REFUSALS: ErrorOut})
def list_deliveries(request: HttpRequest, key: int, search: Query[DeliverySearch]) -> Any:
    """What a webhook was told and what waits for it, in order of id."""
    actor = actor_of(request, RIGHT)
    webhook = visible_or_404(visible(Webhook, actor), key)
    return search.page(search.narrow(visible(WebhookDelivery, actor).filter(webhook=webhook)))


@router.post("/deliveries/{key}/resend", response={204: None, REFUSALS: ErrorOut})
def resend(request: HttpRequest, key: int) -> Any:
    """Send an event again, under its own id."""
    actor = actor_of(request, RIGHT)
    rows = visible(WebhookDelivery, actor).select_related("webhook")
    resend_event(actor=actor, delivery=visible_or_404(rows, key))
    return Status(204, None)


def webhooks_of(actor: Any) -> QuerySet[Any]:
    """The webhooks that are not archived."""
    return live_webhooks(visible(Webhook, actor))
