"""What is told to whom: letters, webhooks, the bell, and whose words and servers they go by."""

from notifications.models.messages import Attachment, LinkRequest, Message
from notifications.models.notices import Notice, NoticeMark
from notifications.models.settings import MailRest, MailSettings, MessageTemplate
from notifications.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "Attachment",
    "LinkRequest",
    "MailRest",
    "MailSettings",
    "Message",
    "MessageTemplate",
    "Notice",
    "NoticeMark",
    "Webhook",
    "WebhookDelivery",
]
