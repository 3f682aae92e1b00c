"""Who gets letters, from whom, and who may send one again."""

from typing import Any

from django.db.models import Q, QuerySet

from customers.choices import Role
from customers.models import Customer, User
from customers.selectors import is_blocked
from customers.selectors.names import shown_name
from customers.tenancy import Actor
from notifications.choices import MessageStatus
from notifications.models import Message

MOST_LOGINS = 5  # that share an address
RESENDABLE = (MessageStatus.FAILED, MessageStatus.UNCERTAIN)


def with_names(rows: QuerySet[Message], actor: Actor) -> QuerySet[Any]:
    """``rows`` with ``customer_name``: what the actor may read of whom a letter was about."""
    return rows.annotate(customer_name=shown_name(actor, then="created_at"))


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
    return is_own and message.status in RESENDABLE


def may_send_test(actor: Actor) -> bool:
    """Whether the actor may mail itself; while switched, the log would show a foreign address."""
    return actor.user is not None and not actor.is_switched and actor.can("users.manage")
