"""Who gets letters, from whom, who may send one again; and what is new on the bell."""

from typing import Any

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from customers.choices import Role
from customers.models import Customer, User
from customers.selectors import is_blocked
from customers.selectors.names import shown_name
from customers.tenancy import Actor
from notifications.catalogue import CATALOGUE
from notifications.choices import DeliveryStatus, Event, Mailbox, MessageStatus, NoticeState
from notifications.models import (
    MailRest,
    MailSettings,
    Message,
    MessageTemplate,
    Notice,
    NoticeMark,
    Webhook,
    WebhookDelivery,
)
from softswitch.core.outbound import target_of

MOST_LOGINS = 5  # that share an address
# Who keeps the words of the own letters; the company presents itself by them.
EDIT_WORDS = "profile.edit"
RESENDABLE = (MessageStatus.FAILED, MessageStatus.UNCERTAIN, MessageStatus.BOUNCED)
BOUNCEABLE = (MessageStatus.SENT, MessageStatus.UNCERTAIN)

MOST_COUNTED = 9  # unread notices; more are 9+
MOST_LOOKED_AT = 500


def with_names(rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
    """``rows`` with ``customer_name``: what the actor may read of whom one was about."""
    named: QuerySet[Any] = rows.annotate(customer_name=shown_name(actor, then="created_at"))
    return named


def with_state(rows: QuerySet[Notice], actor: Actor) -> QuerySet[Any]:
    """``rows`` with ``state``: whether the actor's user has read them (NoticeState)."""
    if not has_bell(actor):
        return rows.annotate(state=Value(NoticeState.READ))
    is_new = When(pk__gt=_read_to(actor), then=Value(NoticeState.NEW))
    return rows.annotate(state=Case(is_new, default=Value(NoticeState.READ)))


def has_bell(actor: Actor) -> bool:
    """Whether notices can be new to the actor: who acts as somebody else reads none for it."""
    return actor.user is not None and not actor.is_switched


def unread(actor: Actor) -> QuerySet[Notice]:
    """What is new to the actor's user among the newest notices of its customer, newest first.

    One statement, which reads at most MOST_LOOKED_AT entries of an index, however many there are.
    """
    if not has_bell(actor):
        return Notice.objects.none()
    theirs = Notice.objects.filter(recipient=actor.customer_id, pk__gt=_read_to(actor))
    newest = theirs.order_by("-pk").values("pk")[:MOST_LOOKED_AT]
    rows: QuerySet[Notice] = Notice.objects.visible_to(actor).filter(pk__in=newest)
    return rows.order_by("-pk")


def unread_count(actor: Actor) -> int:
    """How many notices are new to the actor's user; MOST_COUNTED + 1 stands for more."""
    return unread(actor).order_by()[: MOST_COUNTED + 1].count()


def _read_to(actor: Actor) -> Coalesce:
    mark = NoticeMark.objects.filter(user=actor.user).values("read_to")
    return Coalesce(Subquery(mark), 0)


def first_administrator(customer: Customer) -> User | None:
    """The oldest open administrator login of a customer itself."""
    rows = User.objects.filter(customer=customer, account=None, role=Role.ADMINISTRATOR)
    found: User | None = rows.filter(is_active=True).order_by("pk").first()
    return found


def may_sign_in(user: User) -> bool:
    """Whether a login is open, and so are its customer and everybody above."""
    return user.is_active and not is_blocked(user.customer)


def address_of(user: User) -> str:
    """Where letters to a login go: its address; its customer's for the login it was opened with."""
    if user.email or user.account_id is not None:
        return user.email
    return user.customer.main_email if user == first_administrator(user.customer) else ""


def mailbox_of(customer: Customer, mailbox: Mailbox, user: User | None = None) -> str:
    """The address of a customer for one purpose, else its main one; of a login its own.

    Empty where there is none.
    """
    if mailbox == Mailbox.LOGIN:
        return address_of(user) if user is not None else customer.main_email
    own: str = getattr(customer, f"{mailbox}_email")
    return own or customer.main_email


def logins_behind(identifier: str) -> list[User]:
    """The open logins that are called ``identifier``, or get their letters at that address."""
    text = identifier.strip().lower()
    rows = User.objects.filter(is_active=True).select_related("customer__owner")
    found = list(rows.filter(login=text))
    if not found:
        named = Q(email__iexact=text) | Q(email="", customer__main_email__iexact=text)
        found = list(rows.filter(named).order_by("pk")[:MOST_LOGINS])
    return [user for user in found if address_of(user) and may_sign_in(user)]


def provider_of(user: User) -> Customer:
    """Whose mail a login gets: its customer's owner's; an account's user its customer's."""
    if user.account_id is not None or user.customer.owner is None:
        return user.customer
    return user.customer.owner


def may_resend(message: Message, actor: Actor) -> bool:
    """Whether the actor's customer sent the message, and it stands where only a person helps."""
    is_own = message.owner_id == actor.customer_id and actor.can("users.manage")
    return is_own and message.status in RESENDABLE and message.purged_at is None


def may_mark_bounced(message: Message, actor: Actor) -> bool:
    """Whether the actor's customer sent the message, and it may have come back."""
    is_own = message.owner_id == actor.customer_id and actor.can("users.manage")
    return is_own and message.status in BOUNCEABLE


def own_mail_settings(actor: Actor) -> MailSettings | None:
    """How the mail of the actor's customer leaves, where it has said so."""
    found: MailSettings | None = MailSettings.objects.filter(owner=actor.customer_id).first()
    return found


def own_rest(actor: Actor) -> MailRest | None:
    """Why and until when letters through the own server of the actor's customer wait."""
    rests = MailRest.objects.filter(owner=actor.customer_id, until__gt=now())
    found: MailRest | None = rests.first()
    return found


def may_send_test(actor: Actor) -> bool:
    """Whether the actor may mail itself; while switched, the log would show a foreign address."""
    return actor.user is not None and not actor.is_switched and actor.can("users.manage")


def own_words(actor: Actor) -> dict[str, dict[str, MessageTemplate]]:
    """The actor's customer's own words: by event, then by language."""
    found: dict[str, dict[str, MessageTemplate]] = {}
    for row in MessageTemplate.objects.visible_to(actor).order_by("language"):
        found.setdefault(row.event, {})[row.language] = row
    return found


def may_manage_webhooks(actor: Actor) -> bool:
    """Whether the actor says which programs are told of its customer's events.

    Its own administrators do: who acts as it could have everything told to itself for good.
    """
    is_own = actor.account_id is None and not actor.is_switched
    return is_own and actor.can("profile.edit")


def may_manage_webhook(actor: Actor, webhook: Webhook) -> bool:
    """The same of one webhook."""
    return may_manage_webhooks(actor) and webhook.owner_id == actor.customer_id


def shown_url(webhook: Webhook, actor: Actor) -> str:
    """Where a webhook leads: its host alone, but to who manages it; the rest may be a secret."""
    return webhook.url if may_manage_webhook(actor, webhook) else target_of(webhook.url).host


def may_be_told(actor: Actor, event: str) -> bool:
    """Whether the actor holds the rights to all that an event tells."""
    return CATALOGUE[Event(event)].rights <= actor.rights


def live_webhooks(rows: QuerySet[Webhook]) -> QuerySet[Webhook]:
    """Those that are not archived."""
    return rows.filter(archived_at=None)


def with_last_delivery(rows: QuerySet[Webhook]) -> QuerySet[Any]:
    """``rows`` with ``last_status`` and ``last_at`` of the newest delivery of each."""
    newest = WebhookDelivery.objects.filter(webhook=OuterRef("pk")).order_by("-created_at", "-pk")
    return rows.annotate(
        last_status=Subquery(newest.values("status")[:1]),
        last_at=Subquery(newest.values("created_at")[:1]),
    )


def may_resend_event(delivery: WebhookDelivery, actor: Actor) -> bool:
    """Whether a delivery can be sent again by hand: not while it is on its way."""
    hook = delivery.webhook
    is_off = not hook.is_active or hook.archived_at is not None
    is_sending = delivery.status == DeliveryStatus.SENDING
    is_mine = may_manage_webhook(actor, hook) and may_be_told(actor, delivery.event)
    return is_mine and not is_off and not is_sending
