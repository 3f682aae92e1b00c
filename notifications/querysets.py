"""Named filters of messages: each owner sees what it and those below it sent."""

from typing import TYPE_CHECKING, Self

from customers.tenancy import TenantQuerySet
from notifications.choices import MessageStatus

if TYPE_CHECKING:
    from notifications.models import Message  # noqa: F401


class MessageQuerySet(TenantQuerySet["Message"]):
    """Messages belong to their sender: who receives one does not see the log it stands in."""

    tenant = "owner"

    def unfinished(self) -> Self:
        """Those that a worker still has to do with."""
        return self.filter(status__in=(MessageStatus.QUEUED, MessageStatus.SENDING))
