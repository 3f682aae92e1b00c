"""The one door through which the product tells what happened: letters, webhooks, the bell."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field

from customers.models import Customer, User
from customers.tenancy import Actor
from notifications.catalogue import CATALOGUE
from notifications.choices import Event
from notifications.models import Attachment, Message
from notifications.selectors import mailbox_of
from notifications.services.notices import keep_notices
from notifications.services.outbox import queue_message
from notifications.services.webhooks import queue_deliveries
from notifications.values import Values


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to ``customer`` (or to an ``account`` of it), told by ``owner``.

    ``values`` are the fields of the event (notifications.catalogue) but the common ones. ``user``:
    the login that it concerns, whose set-password link the letter may carry. ``recipients``: the
    addresses that letters go to; None for the one that the catalogue names. With a ``key`` it is
    told once, however often it is said. ``own_recipients``: further addresses, of the owner itself,
    which get the same letter in its own language and zone. ``path``: the page of the portal that
    shows it. What is ``is_private`` is the owner's own: no webhook and no bell of the customer is
    told.
    """

    event: Event
    owner: Customer
    customer: Customer
    values: Values = field(default_factory=dict)
    key: str | None = None
    user: User | None = None
    account_id: int | None = None
    recipients: Collection[str] | None = None
    own_recipients: Collection[str] = ()
    attachment: Attachment | None = None
    path: str = ""
    is_private: bool = False

    @property
    def sides(self) -> tuple[Customer, ...]:
        """Whose webhooks and bells are told."""
        return (self.owner,) if self.is_private else (self.owner, self.customer)

    @property
    def addresses(self) -> dict[str, Customer]:
        """Where letters go, each once, and who reads them there; none if nobody has an address."""
        theirs = self.recipients
        if theirs is None:
            theirs = [mailbox_of(self.customer, CATALOGUE[self.event].mailbox, self.user)]
        found = {address.strip(): self.owner for address in self.own_recipients}
        found |= {address.strip(): self.customer for address in theirs}
        return {address: reader for address, reader in found.items() if address}


def tell(*, actor: Actor, news: News) -> list[Message]:
    """Write what ``news`` is told by, in the transaction of its cause; returns the letters.

    One letter per address, one delivery per webhook of the sides that asks for the event, one
    notice for the bells that the catalogue names. Where nobody has an address there is no letter,
    and the rest is told all the same. Several letters with one key have keys of their own behind
    it.
    """
    addresses = news.addresses
    letters = [
        queue_message(
            actor=actor,
            owner=news.owner,
            customer=news.customer,
            user=news.user,
            event=news.event,
            recipient=address,
            values=news.values,
            key=_letter_key(news.key, address, is_only=len(addresses) == 1),
            attachment=news.attachment,
            reader=reader,
        )
        for address, reader in addresses.items()
    ]
    queue_deliveries(news=news)
    keep_notices(news=news)
    return letters


def _letter_key(key: str | None, address: str, *, is_only: bool) -> str | None:
    """The address as a digest: it may be longer than a key."""
    if key is None or is_only:
        return key
    return f"{key}:{hashlib.sha256(address.encode()).hexdigest()}"
