"""Named filters of messages: each owner sees what it and those below it sent."""

from typing import TYPE_CHECKING, Self, TypeVar

from django.db.models import Q

from customers.tenancy import Actor, TenantQuerySet
from notifications.catalogue import CATALOGUE
from notifications.choices import DeliveryStatus, MessageStatus

if TYPE_CHECKING:
    from django.db.models import Model

    from notifications.models import Message, Notice, WebhookDelivery  # noqa: F401


M_co = TypeVar("M_co", bound="Model", covariant=True)


class OwnedQuerySet(TenantQuerySet[M_co]):
    """Settings of an owner alone: those above it neither read nor change them."""

    tenant = "owner"

    def below(self, actor: Actor) -> Self:
        return self.filter(owner=actor.customer_id)


class MessageQuerySet(TenantQuerySet["Message"]):
    """Messages belong to their sender: who receives one does not see the log it stands in."""

    tenant = "owner"

    def unfinished(self) -> Self:
        """Those that a worker still has to do with."""
        return self.filter(status__in=(MessageStatus.QUEUED, MessageStatus.SENDING))


class WebhookDeliveryQuerySet(TenantQuerySet["WebhookDelivery"]):
    """Deliveries belong to whoever owns the webhook, and to nobody above it.

    Of an event that the viewer has no right to be told, by its token say, there are none.
    """

    tenant = "webhook__owner"

    def visible_to(self, actor: Actor) -> Self:
        told = [event for event, kind in CATALOGUE.items() if kind.rights <= actor.rights]
        return super().visible_to(actor).filter(event__in=told)

    def below(self, actor: Actor) -> Self:
        return self.filter(webhook__owner=actor.customer_id)

    def unfinished(self) -> Self:
        """Those that a worker still has to do with."""
        return self.filter(status__in=(DeliveryStatus.QUEUED, DeliveryStatus.SENDING))


class NoticeQuerySet(TenantQuerySet["Notice"]):
    """Notices are read by the users of their recipient: the account's alone where one is named."""

    tenant = "recipient"

    def visible_to(self, actor: Actor) -> Self:
        rows = self.filter(recipient=actor.customer_id, account=actor.account_id)
        rows = rows.filter(Q(right="") | Q(right__in=actor.rights))
        return rows.filter(Q(user=None) | Q(user=actor.user))
