"""The log of messages: what the own customer and those below it sent."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from notifications.choices import Event, MessageStatus
from notifications.filters import MessageFilter
from notifications.models import Message
from notifications.selectors import may_resend, may_send_test, with_names
from notifications.services.letters import send_test
from notifications.services.outbox import resend
from notifications.tables import MessageTable
from softswitch.core.chrome import Action, Link
from softswitch.core.display import datetime_text
from softswitch.core.errors import DomainError
from softswitch.core.views import ActionView, DetailView, ListView
from softswitch.core.views.access import AccessMixin

READ = "audit.view"
MANAGE = "users.manage"


class MessageListView(ListView):
    """What was sent and what waits, newest first."""

    model = Message
    permission = READ
    title = gettext_lazy("Messages")
    table_class = MessageTable
    filterset_class = MessageFilter
    empty_icon = "envelope"
    empty_title = gettext_lazy("No messages yet")
    empty_text = gettext_lazy("Letters to your customers and their logins are listed here.")

    def refine(self, queryset: QuerySet[Message]) -> QuerySet[Message]:
        return with_names(queryset, self.actor)

    def enrich(self, rows: QuerySet[Message]) -> QuerySet[Message]:
        return rows.defer("text", "html")

    def get_actions(self) -> list[Action]:
        if not may_send_test(self.actor):
            return []
        url = reverse("notifications:test_mail")
        return [Action(_("Send me a test mail"), url, "paper-airplane", post=True)]


class MessageDetailView(DetailView):
    """One message as it is stored: the secret of its link is in no log."""

    model = Message
    permission = READ
    template_name = "notifications/message_detail.html"

    def refine(self, queryset: QuerySet[Message]) -> QuerySet[Message]:
        rows = with_names(queryset, self.actor).select_related("owner", "attachment")
        return rows.defer("attachment__content")

    def get_status(self) -> MessageStatus:
        return MessageStatus(self.object.status)

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Messages"), reverse("notifications:message_list"))]

    def get_actions(self) -> list[Action]:
        if not may_resend(self.object, self.actor):
            return []
        url = reverse("notifications:message_resend", args=[self.object.pk])
        return [Action(_("Send again"), url, "arrow-path", MANAGE, post=True, primary=True)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            facts=message_facts(self.object),
            is_uncertain=self.object.status == MessageStatus.UNCERTAIN,
            **kwargs,
        )


class ResendView(ActionView):
    """A failed or uncertain message once more, under its own Message-ID."""

    model = Message
    permission = MANAGE
    return_url_name = "notifications:message_detail"
    returns_to_object = True
    success_message = gettext_lazy("The message is queued again.")

    def service(self, obj: Message) -> None:
        resend(actor=self.actor, message=obj)


class TestMailView(AccessMixin):
    """A mail to the signed-in user's own address, to see that mail arrives."""

    permission = MANAGE
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            message = send_test(actor=self.actor)
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(reverse("notifications:message_list"))
        messages.success(request, _("A test mail is on its way to %s.") % message.recipient)
        return HttpResponseRedirect(reverse("notifications:message_detail", args=[message.pk]))


def message_facts(message: Any) -> list[tuple[str, Any]]:
    """Label and value of what is known of a message; no value for what has not happened."""
    is_waiting = message.status == MessageStatus.QUEUED
    return [
        (_("Event"), Event(message.event).label),
        (_("From"), message.sender_name),
        (_("Recipient"), message.recipient),
        (_("Reply to"), message.reply_to),
        (_("Customer"), message.customer_name),
        (_("Attachment"), message.attachment),
        (_("Language"), get_language_info(message.language)["name_local"]),
        (_("Created"), datetime_text(message.created_at)),
        (_("Sent"), message.sent_at and datetime_text(message.sent_at)),
        (_("Attempts"), message.attempts),
        (_("Next attempt"), datetime_text(message.next_attempt_at) if is_waiting else ""),
        (_("Last error"), message.last_error),
        (_("Message-ID"), message.message_id),
    ]
