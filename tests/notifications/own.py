"""A sub-reseller with a mail server of its own."""

from typing import Any

from notifications.models import MailSettings
from notifications.services.mail_settings import save_mail_settings
from softswitch.core.embedded.process import LOOPBACK
from tests.plugins.mail import MailSink
from tests.world import World

ADDRESS = "billing@sub.example"


def own_values(sink: MailSink, **values: Any) -> dict[str, Any]:
    """What the sub-reseller says of its server."""
    server = {"host": LOOPBACK, "port": sink.port, "security": "", "user": "portal"}
    names = {"sender_name": "Sub Desk", "sender_address": ADDRESS, "reply_to": "ask@sub.example"}
    return names | server | values


def with_own_server(world: World, sink: MailSink, **values: Any) -> MailSettings:
    """Its letters leave through ``sink``."""
    return save_mail_settings(
        actor=world.actor("sub_reseller"),
        values=own_values(sink, **values),
        password=sink.password,
    )
