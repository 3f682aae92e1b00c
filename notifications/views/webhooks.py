"""Webhooks of the acting owner: list, add, change, archive, new secret, and what was told."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.tenancy import Actor
from notifications.choices import DeliveryStatus, Event
from notifications.filters import DeliveryFilter
from notifications.forms import WebhookForm
from notifications.models import Webhook, WebhookDelivery
from notifications.selectors import (
    live_webhooks,
    may_manage_webhooks,
    may_resend_event,
    shown_url,
    with_last_delivery,
    with_names,
)
from notifications.services.webhook_settings import (
    archive_webhook,
    create_webhook,
    edit_webhook,
    rotate_secret,
)
from notifications.services.webhooks import resend_event, send_test_event
from notifications.tables import DeliveryTable, WebhookTable
from softswitch.core.chrome import Action, Badge, Link
from softswitch.core.display import datetime_text, spoken
from softswitch.core.views import (
    ActionView,
    ConfirmView,
    CreateView,
    DetailView,
    EditView,
    ListView,
)
from softswitch.core.views.access import PageMixin, ScopedMixin

LIST = "notifications:webhook_list"
DETAIL = "notifications:webhook_detail"
DELIVERIES = "notifications:delivery_list"


class WebhookMixin(PageMixin, ScopedMixin):
    """A page of the webhooks that are not archived: for administrators of their owner."""

    model = Webhook
    permission = "profile.edit"
    is_for_accounts = False

    def refine(self, queryset: QuerySet[Webhook]) -> QuerySet[Any]:
        return live_webhooks(queryset)

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Webhooks"), reverse(LIST))]


class ManageMixin(WebhookMixin):
    """A page that changes something: not while switched."""

    @classmethod
    def is_open_to(cls, actor: Any) -> bool:
        return super().is_open_to(actor) and may_manage_webhooks(actor)


class WebhookListView(WebhookMixin, ListView):
    """The webhooks and how the last event of each fared."""

    title = gettext_lazy("Webhooks")
    table_class = WebhookTable
    empty_icon = "bolt"
    empty_title = gettext_lazy("No webhooks yet")
    empty_text = gettext_lazy("Programs of yours can be told what happens as it happens.")

    def refine(self, queryset: QuerySet[Webhook]) -> QuerySet[Any]:
        return with_last_delivery(super().refine(queryset))

    def get_crumbs(self) -> list[Link]:
        return []

    def get_actions(self) -> list[Action]:
        log = Action(_("Deliveries"), reverse(DELIVERIES), "list-bullet")
        if not may_manage_webhooks(self.actor):
            return [log]
        url = reverse("notifications:webhook_create")
        return [log, Action(_("New webhook"), url, "plus", primary=True)]


class WebhookCreateView(ManageMixin, CreateView):
    """A new webhook; the next page shows its secret, once."""

    title = gettext_lazy("New webhook")
    form_class = WebhookForm
    list_url_name = LIST
    close_label = ""

    def service(self, form: WebhookForm) -> Webhook:
        webhook, self.secret = create_webhook(actor=self.actor, values=form.cleaned_data)
        return webhook

    def get_success_message(self, saved: Any) -> str:
        return secret_message(self.secret)

    def get_stay_url(self, saved: Any) -> str:
        return reverse(DETAIL, args=[saved.pk])


class WebhookDetailView(WebhookMixin, DetailView):
    """One webhook: where it leads, what it is told."""

    template_name = "notifications/webhook_detail.html"

    def get_status(self) -> Badge:
        return Badge(_("On"), "ok") if self.object.is_active else Badge(_("Off"), "off")

    def get_actions(self) -> list[Action]:
        log = f"{reverse(DELIVERIES)}?webhook={self.object.pk}"
        actions = [Action(_("Deliveries"), log, "list-bullet")]
        if may_manage_webhooks(self.actor):
            args = [self.object.pk]
            test = reverse("notifications:webhook_test", args=args)
            edit = reverse("notifications:webhook_edit", args=args)
            secret = reverse("notifications:webhook_secret", args=args)
            archive = reverse("notifications:webhook_archive", args=args)
            actions += [
                Action(_("Send a test event"), test, "paper-airplane", post=True),
                Action(_("Edit"), edit, "pencil-square", primary=True),
                Action(_("New secret"), secret, "key", more=True),
                Action(_("Archive"), archive, "archive-box", danger=True, more=True),
            ]
        return actions

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            facts=webhook_facts(self.object, self.actor),
            events=[Event(event).label for event in self.object.events],
            **kwargs,
        )


class WebhookEditView(ManageMixin, EditView):
    """Name, URL, events, on or off."""

    form_class = WebhookForm
    list_url_name = LIST
    detail_url_name = DETAIL
    edit_url_name = "notifications:webhook_edit"

    def get_title(self) -> str:
        return _("Edit %(name)s") % {"name": self.get_object()}

    def service(self, form: WebhookForm) -> Webhook:
        return edit_webhook(actor=self.actor, webhook=self.object, values=form.cleaned_data)


class WebhookArchiveView(ManageMixin, ConfirmView):
    """Asks before a program is told nothing any more."""

    return_url_name = LIST
    success_message = gettext_lazy("Archived.")

    def get_title(self) -> str:
        return _("Archive %(name)s?") % {"name": self.object}

    def get_warning(self) -> str:
        return _("It is told nothing any more; what waits for it fails. There is no undo.")

    def service(self, obj: Webhook) -> None:
        archive_webhook(actor=self.actor, webhook=obj)


class WebhookSecretView(ManageMixin, ConfirmView):
    """Asks before a webhook has a new secret, which the next page shows once."""

    return_url_name = DETAIL
    returns_to_object = True

    def get_title(self) -> str:
        return _("New secret for %(name)s?") % {"name": self.object}

    def get_warning(self) -> str:
        return _("Events are signed with both secrets for a day, then with the new one alone.")

    def service(self, obj: Webhook) -> None:
        self.secret = rotate_secret(actor=self.actor, webhook=obj)

    def get_success_message(self) -> str:
        return secret_message(self.secret)


class WebhookTestView(ManageMixin, ActionView):
    """An event that says nothing but that events arrive."""

    success_message = gettext_lazy("A test event is on its way. This page says what became of it.")

    def service(self, obj: Webhook) -> None:
        self.delivery = send_test_event(actor=self.actor, webhook=obj)

    def get_return_url(self) -> str:
        sent = getattr(self, "delivery", None)
        if sent is None:
            return reverse(DETAIL, args=[self.object.pk])
        return reverse("notifications:delivery_detail", args=[sent.pk])


class DeliveryMixin(PageMixin, ScopedMixin):
    """A page of what was told to the owner's webhooks, archived ones too."""

    model = WebhookDelivery
    permission = "profile.edit"
    is_for_accounts = False

    def refine(self, queryset: QuerySet[WebhookDelivery]) -> QuerySet[Any]:
        return with_names(queryset, self.actor).select_related("webhook")

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Webhooks"), reverse(LIST))]


class DeliveryListView(DeliveryMixin, ListView):
    """What was told and what waits, newest first."""

    title = gettext_lazy("Webhook deliveries")
    table_class = DeliveryTable
    filterset_class = DeliveryFilter
    empty_icon = "bolt"
    empty_title = gettext_lazy("No events yet")
    empty_text = gettext_lazy("What your webhooks are told is listed here.")

    def enrich(self, rows: QuerySet[WebhookDelivery]) -> QuerySet[WebhookDelivery]:
        return rows.defer("payload")


class DeliveryDetailView(DeliveryMixin, DetailView):
    """One event on its way to one webhook: the very bytes, and the last answer."""

    template_name = "notifications/delivery_detail.html"

    def get_title(self) -> str:
        return str(Event(self.object.event).label)

    def get_status(self) -> DeliveryStatus:
        return DeliveryStatus(self.object.status)

    def get_crumbs(self) -> list[Link]:
        log = f"{reverse(DELIVERIES)}?webhook={self.object.webhook_id}"
        return [*super().get_crumbs(), Link(_("Deliveries"), log)]

    def get_actions(self) -> list[Action]:
        if not may_resend_event(self.object, self.actor):
            return []
        url = reverse("notifications:delivery_resend", args=[self.object.pk])
        return [Action(_("Send again"), url, "arrow-path", post=True, primary=True)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(facts=delivery_facts(self.object, self.actor), **kwargs)


class DeliveryResendView(DeliveryMixin, ActionView):
    """An event once more, under its own ID."""

    return_url_name = "notifications:delivery_detail"
    returns_to_object = True
    success_message = gettext_lazy("The event is queued again.")

    def service(self, obj: WebhookDelivery) -> None:
        resend_event(actor=self.actor, delivery=obj)


def secret_message(secret: str) -> str:
    """The one time that a secret is shown."""
    return _("The secret, shown this once: %(secret)s") % {"secret": secret}


def webhook_facts(webhook: Webhook, actor: Actor) -> list[tuple[str, Any]]:
    """Label and value of what is known of a webhook."""
    until = webhook.previous_until
    return [
        (_("URL"), shown_url(webhook, actor)),
        (_("Created"), datetime_text(webhook.created_at)),
        (_("Old secret signs until"), until and datetime_text(until)),
    ]


def delivery_facts(delivery: Any, actor: Actor) -> list[tuple[str, Any]]:
    """Label and value of what is known of a delivery; no value for what has not happened."""
    is_waiting = delivery.status == DeliveryStatus.QUEUED
    at = delivery.delivered_at
    return [
        (_("Event ID"), delivery.event_id),
        (_("Webhook"), delivery.webhook),
        (_("URL"), shown_url(delivery.webhook, actor)),
        (_("Customer"), delivery.customer_name),
        (_("Created"), datetime_text(delivery.created_at)),
        (_("Delivered"), at and datetime_text(at)),
        (_("Attempts"), delivery.attempts),
        (_("Next attempt"), datetime_text(delivery.next_attempt_at) if is_waiting else ""),
        (_("HTTP status"), delivery.http_status),
        (_("Last error"), spoken(delivery.last_error)),
    ]
