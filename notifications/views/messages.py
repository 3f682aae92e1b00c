"""The log of messages: what the own customer and those below it sent."""

from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from notifications.choices import Event, MessageStatus
from notifications.filters import MessageFilter
from notifications.forms import BounceForm
from notifications.models import Message
from notifications.selectors import may_mark_bounced, may_resend, may_send_test, with_names
from notifications.services.bounces import mark_bounced
from notifications.services.outbox import resend
from notifications.services.rendering import as_seen
from notifications.tables import MessageTable
from notifications.views.mail import test_action
from softswitch.core.chrome import Action, Link
from softswitch.core.display import datetime_text, listed, spoken
from softswitch.core.views import ActionView, DetailView, EditView, ListView, ScopedMixin

READ = "audit.view"
MANAGE = "users.manage"
# Of a letter in its frame: it shows its own styles and pictures, runs nothing and fetches nothing.
LETTER_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": ["data:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": True,
}


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
        return [test_action()] if may_send_test(self.actor) else []


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
        key, actions = [self.object.pk], []
        if may_mark_bounced(self.object, self.actor):
            url = reverse("notifications:message_bounced", args=key)
            actions.append(Action(_("It came back"), url, "arrow-uturn-left", MANAGE))
        if may_resend(self.object, self.actor):
            url = reverse("notifications:message_resend", args=key)
            again = Action(_("Send again"), url, "arrow-path", MANAGE, post=True, primary=True)
            actions.append(again)
        return actions

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            facts=message_facts(self.object),
            is_uncertain=self.object.status == MessageStatus.UNCERTAIN,
            reason=spoken(self.object.last_error),
            **kwargs,
        )


class ResendView(ActionView):
    """A failed, uncertain or bounced message once more, under its own Message-ID."""

    model = Message
    permission = MANAGE
    return_url_name = "notifications:message_detail"
    returns_to_object = True
    success_message = gettext_lazy("The message is queued again.")

    def service(self, obj: Message) -> None:
        resend(actor=self.actor, message=obj)


class BouncedView(EditView):
    """Note by hand that a message came back."""

    model = Message
    permission = MANAGE
    form_class = BounceForm
    title = gettext_lazy("Came back?")
    detail_url_name = "notifications:message_detail"
    save_label = gettext_lazy("Note as bounced")
    close_label = ""
    success_message = gettext_lazy("Noted.")

    def check_object(self, obj: Message) -> None:
        if obj.owner_id != self.actor.customer_id:
            raise PermissionDenied

    def get_meta(self) -> str:
        return listed((self.object.subject, self.object.recipient))

    def get_crumbs(self) -> list[Link]:
        url = reverse(self.detail_url_name, args=[self.object.pk])
        log = Link(_("Messages"), reverse("notifications:message_list"))
        return [log, Link(self.object.subject, url)]

    def service(self, form: Any) -> None:
        reason = form.cleaned_data["reason"]
        mark_bounced(actor=self.actor, message=self.object, reason=reason)

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(self.object)


class PreviewView(ScopedMixin):
    """The HTML part by itself, for a frame in which nothing runs and nothing is fetched.

    It has styles of its own, which the portal's policy allows nowhere else.
    """

    model = Message
    permission = READ

    def refine(self, queryset: QuerySet[Message]) -> QuerySet[Message]:
        return queryset.select_related("logo")

    @method_decorator(csp(LETTER_POLICY))
    @method_decorator(xframe_options_sameorigin)
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        message = self.get_object()
        return HttpResponse(as_seen(message.shown_html, message.logo))


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
        (_("Bounced"), message.bounced_at and datetime_text(message.bounced_at)),
        (_("Attempts"), message.attempts),
        (_("Next attempt"), datetime_text(message.next_attempt_at) if is_waiting else ""),
        (_("Last error"), spoken(message.last_error)),
        (_("Message-ID"), message.message_id),
    ]
