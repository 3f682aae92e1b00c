"""Writes what the bell tells, puts it into words for its reader, and marks it read."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied

from customers.models import Customer
from customers.tenancy import Actor
from notifications.catalogue import CATALOGUE
from notifications.choices import Event
from notifications.models import Notice, NoticeMark
from notifications.selectors import has_bell
from notifications.services.rendering import one_line
from notifications.services.texts import filled, plain
from notifications.values import Value, from_json, to_json

if TYPE_CHECKING:
    from notifications.services.events import News


def keep_notices(*, news: "News") -> None:
    """A notice for each bell that the catalogue names, in the caller's transaction.

    With a key there is one for each recipient, however often it is said.
    """
    kind = CATALOGUE[news.event]
    notices = []
    if kind.bell is not None and not news.is_private:
        own = _notice(news, news.customer, kind.bell)
        own.account_id, own.user = news.account_id, news.user
        notices.append(own)
    if kind.owner_bell is not None and news.owner != news.customer:
        notices.append(_notice(news, news.owner, kind.owner_bell))
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def read_up_to(*, actor: Actor, notice: Notice) -> None:
    """Mark ``notice`` and all older ones as read by the actor's user. Safe to repeat.

    What has come since the reader saw it stays new. Raises PermissionDenied while switched: the
    mark is the user's own, and says nothing of another customer's notices.
    """
    if actor.user is None or not has_bell(actor):
        raise PermissionDenied
    NoticeMark.objects.get_or_create(user=actor.user)
    marks = NoticeMark.objects.filter(user=actor.user, read_to__lt=notice.pk)
    marks.update(read_to=notice.pk)


def words_of_notice(notice: Notice) -> str:
    """A notice in one line: the neutral subject of its event, in the active language and zone."""
    kind = CATALOGUE[Event(notice.event)]
    known: dict[str, Value] = {one.name: None for one in kind.all_fields}
    known |= {name: from_json(value) for name, value in notice.values.items() if name in known}
    return one_line(plain(filled(str(kind.subject), known)))


def _notice(news: "News", recipient: Customer, right: str) -> Notice:
    known = {one.name for one in CATALOGUE[news.event].fields}
    values = {name: to_json(value) for name, value in news.values.items() if name in known}
    customer = news.customer
    names: dict[str, Any] = {"customer.name": customer.name}
    names["customer.company"] = customer.company_name or customer.name
    if recipient != customer:  # whom it has left reads what the cause says that it was called
        names |= {name: to_json(news.values[name]) for name in names if name in news.values}
    return Notice(
        recipient=recipient,
        right=right,
        event=news.event,
        values=values | names,
        path=news.path,
        key=news.key,
    )
