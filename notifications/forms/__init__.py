"""Forms of notifications."""

from notifications.forms.mail import BounceForm, MailSettingsForm
from notifications.forms.webhooks import WebhookForm
from notifications.forms.words import WordsForm

__all__ = ["BounceForm", "MailSettingsForm", "WebhookForm", "WordsForm"]
