"""What the catalogue says of an event: its fields, its neutral words, and who is told."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from notifications.choices import Event, Mailbox
from notifications.values import Link, Money, Value

# Lazily translated texts; django-stubs calls them str.
Text = Any


@dataclass(frozen=True, slots=True)
class Field:
    """A token of a template: ``name`` as it is typed, what it is, and a value to preview it.

    ``is_owners``: a rule that the owner keeps about the customer. Its own words may tell it, the
    customer's webhooks never do.
    """

    name: str
    help: Text
    sample: Value
    is_owners: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """An event as it is told.

    ``subject`` and ``body`` (its paragraphs) are the neutral texts, in the template language of
    notifications.services.texts. ``mailbox`` is whom letters go to where the cause names nobody.
    ``bell``: the right of the customer's users whose bell tells it, ``owner_bell`` that of its
    owner's; None: nobody's. ``shows``: the rights to what its fields tell beyond that of its bell.
    ``purpose`` says to the editor of its words when it is sent.
    """

    event: Event
    purpose: Text
    subject: Text
    body: tuple[Text, ...]
    fields: tuple[Field, ...] = ()
    mailbox: Mailbox = Mailbox.MAIN
    bell: str | None = None
    owner_bell: str | None = None
    shows: tuple[str, ...] = ()

    @property
    def rights(self) -> frozenset[str]:
        """What whoever is told all of it holds, on either side: by a webhook, or in its log."""
        return frozenset(right for right in (self.bell, *self.shows) if right)

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """Its own fields and those that every message has."""
        return (*self.fields, *COMMON)


def money(amount: str) -> Money:
    """A sample amount."""
    return Money(Decimal(amount), "EUR")


# Days and moments of samples: any would do, but a preview should not change under its reader.
SAMPLE_DAY = dt.date(2026, 11, 18)
SAMPLE_MOMENT = dt.datetime(2026, 11, 18, 14, 31, 22, tzinfo=dt.UTC)

COMMON = (
    Field("contact.name", _("Contact of the customer, else its company"), "Liis Tamm"),
    Field("customer.name", _("Name of the customer in the portal"), "baltic"),
    Field("customer.company", _("Company of the customer, else its name"), "Baltic Exchange"),
    Field("sender.name", _("Your sender name"), "Halyard Voice"),
    Field("sender.email", _("Your reply address"), "billing@halyard.example"),
    Field("portal_link", _("Address of the portal"), Link("https://portal.example/")),
    Field("recipient", _("Address that the message goes to"), "finance@baltic.example"),
    Field("today", _("Today, in the customer's time zone"), SAMPLE_DAY),
)

GREETING = _("To {{ customer.company }}:")
PORTAL = _("Portal: {{ portal_link }}")
FOOT = (
    "{{ sender.name }}",
    _(
        "This letter was sent to {{ recipient }} by a system that reads no replies to its own"
        " address."
    ),
)


def company_letter(*paragraphs: Text) -> tuple[Text, ...]:
    """The body of a letter to a company: how it begins and ends is always the same."""
    return (GREETING, *paragraphs, PORTAL, *FOOT)
