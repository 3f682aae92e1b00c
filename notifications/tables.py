"""The log of messages."""

from django.utils.translation import gettext_lazy as _

from notifications.choices import MessageStatus
from notifications.selectors import may_resend
from softswitch.core.chrome import RowAction
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
