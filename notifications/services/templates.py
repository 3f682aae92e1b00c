"""An owner's own words for its letters: saved, taken back, tried out."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import override

from customers.models import Customer
from customers.services.audit import record
from customers.tenancy import Actor
from notifications.catalogue import CATALOGUE, Kind
from notifications.choices import LINK_MARK, LINKED, Event
from notifications.models import MessageTemplate
from notifications.selectors import EDIT_WORDS, first_administrator, mailbox_of
from notifications.services.rendering import (
    Letter,
    Words,
    neutral_words,
    render_letter,
)
from notifications.services.texts import check_text, filled, plain, unused_fields
from notifications.values import Link, Value, Values
from softswitch.core.errors import DomainError

SECRET_LINK = "set_password_link"  # noqa: S105 - the name of a field


def save_words(*, actor: Actor, event: Event, language: str, words: Words) -> MessageTemplate:
    """Let the letters of the actor's customer speak in ``words`` (subject, body) from now on.

    Those already in the outbox stay as they are. Locks the row; safe to repeat. Raises
    PermissionDenied, and DomainError ``invalid`` (field subject or body) as ``checked_words`` says.
    """
    _check_right(actor)
    words = checked_words(event=event, words=words)
    subject, body = words
    with transaction.atomic():
        rows = MessageTemplate.objects.select_for_update()
        place = {"owner": actor.customer, "event": event, "language": language}
        row, is_new = rows.get_or_create(**place, defaults={"subject": subject, "body": body})
        before = neutral_in(event, language) if is_new else (row.subject, row.body)
        row.subject, row.body, row.changed_at = subject, body, now()
        row.save()
        _record(actor, "message_template_saved", row, before, words)
    return row


def reset_words(*, actor: Actor, event: Event, language: str) -> None:
    """Go back to the system's words for an event. Safe to repeat; raises PermissionDenied."""
    _check_right(actor)
    with transaction.atomic():
        rows = MessageTemplate.objects.select_for_update()
        row = rows.filter(owner=actor.customer, event=event, language=language).first()
        if row is None:
            return
        after = neutral_in(event, language)
        _record(actor, "message_template_reset", row, (row.subject, row.body), after)
        row.delete()


def checked_words(*, event: Event, words: Words) -> Words:
    """``words`` tidied up: DomainError ``invalid`` with field where they are none for an event.

    A letter that brings a set-password link has to say it as it is, whatever else it says: without,
    nobody could get in. Its subject may not: it stands in logs and on locked screens.
    """
    kind = CATALOGUE[event]
    subject, body = words[0].strip(), "\n".join(words[1].strip().splitlines())
    for field, text in (("subject", subject), ("body", body)):
        if not text:
            raise DomainError("invalid", _("Enter a text."), field=field)
        check_text(kind=kind, text=text, field=field)
    if len(subject) > 250 or len(subject.splitlines()) != 1:
        text = _("The subject is one line of up to 250 characters.")
        raise DomainError("invalid", text, field="subject")
    if event in LINKED:
        _check_link(kind, subject, body)
    return subject, body


def _check_link(kind: Kind, subject: str, body: str) -> None:
    """The link is in the body, with the sample's fields and with none, and not in the subject."""
    if not unused_fields(texts=(subject,), among=(SECRET_LINK,)):
        text = _("The subject may not use “%s”: it is a secret.") % SECRET_LINK
        raise DomainError("invalid", text, field="subject")
    empty: Values = dict.fromkeys((one.name for one in kind.all_fields), None)
    samples: Values = {one.name: one.sample for one in kind.all_fields}
    for values in (samples, empty):
        said = filled(body, {**values, SECRET_LINK: Link(LINK_MARK)})
        if LINK_MARK not in plain(said):
            text = _(
                "The text has to say “%s” as it is, and in any case: the letter is sent for it."
            )
            raise DomainError("invalid", text % SECRET_LINK, field="body")


def neutral_in(event: Event, language: str) -> Words:
    """The system's words of an event in ``language``."""
    with override(language):
        return neutral_words(event)


def unsaid(*, event: Event, language: str, words: Words) -> list[str]:
    """The fields that the system's words for an event use and ``words`` do not."""
    names = tuple(one.name for one in CATALOGUE[event].fields)
    neutral = neutral_in(event, language)
    expected = set(names) - set(unused_fields(texts=neutral, among=names))
    return unused_fields(texts=words, among=tuple(expected))


def preview(
    *,
    actor: Actor,
    event: Event,
    language: str,
    words: Words,
    customer: Customer | None = None,
    values: Values | None = None,
) -> tuple[str, Letter]:
    """To whom, and how, a letter in ``words`` would go: to a direct ``customer``, else a sample.

    Of a customer its names, its first login and those of ``values`` that the event has are its own;
    the other fields are samples. Raises DomainError ``invalid`` as ``checked_words`` says, and
    PermissionDenied for somebody else's customer.
    """
    _check_right(actor)
    if customer is not None and not customer.is_direct_of(actor):
        raise PermissionDenied
    words = checked_words(event=event, words=words)
    recipient, known = _known(event, customer)
    letter = render_letter(
        event=event,
        owner=actor.customer,
        customer=customer or actor.customer,
        recipient=recipient,
        language=language,
        values=known | dict(values or {}),
        timezone=(customer or actor.customer).timezone,
        words=words,
    )
    return recipient, letter


def _known(event: Event, customer: Customer | None) -> tuple[str, dict[str, Value]]:
    """The recipient of a preview and the fields of its letter, but those that are always known."""
    kind = CATALOGUE[event]
    known = {one.name: one.sample for one in kind.fields}
    if customer is None:
        others = ("contact.name", "customer.name", "customer.company", "recipient")
        known |= {one.name: one.sample for one in kind.all_fields if one.name in others}
        return str(known["recipient"]), known
    user = first_administrator(customer)
    if user is not None and "user.name" in known:
        known |= {"user.name": str(user), "user.login": user.login}
    recipient = mailbox_of(customer, kind.mailbox, user)
    return recipient, known


def _check_right(actor: Actor) -> None:
    if not actor.can(EDIT_WORDS):
        raise PermissionDenied


def _record(actor: Actor, action: str, row: MessageTemplate, before: Words, after: Words) -> None:
    names = zip(("subject", "body"), before, after, strict=True)
    changes = {name: [old, new] for name, old, new in names if old != new}
    subject = f"{Event(row.event).value} ({row.language})"
    record(actor=actor, customer=actor.customer, action=action, subject=subject, changes=changes)
