"""Turns an event into the words of a letter, and a stored letter into an e-mail."""

import logging
from dataclasses import dataclass
from datetime import tzinfo
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone as timezones
from django.utils.encoding import punycode
from django.utils.safestring import mark_safe
from django.utils.translation import get_language_info, override

from customers.models import Customer
from notifications.catalogue import CATALOGUE
from notifications.choices import LINK_MARK, Event
from notifications.models import Attachment, MailSettings, Message, MessageTemplate
from notifications.services.texts import as_html, filled, plain
from notifications.values import Link, Value, Values
from softswitch.core.errors import DomainError
from softswitch.core.pdf import stand_alone
from softswitch.core.pictures import data_uri

logger = logging.getLogger(__name__)
SHEETS = ("mail.css",)

# Only ASCII on the wire: no server has to know 8BITMIME or SMTPUTF8.
_POLICY = SMTP.clone(cte_type="7bit")


Words = tuple[str, str]  # subject and body, as templates


@dataclass(frozen=True, slots=True)
class Letter:
    """The words of one letter; where a set-password link belongs they hold LINK_MARK.

    ``logo_id``: the picture (an Attachment) that the HTML part shows above them.

    ``body`` is what ``html`` frames, escaped word by word.
    """

    language: str
    subject: str
    text: str
    html: str
    body: str = ""
    logo_id: int | None = None


def render_letter(
    *,
    event: Event,
    owner: Customer,
    customer: Customer,
    recipient: str,
    language: str,
    values: Values,
    timezone: tzinfo,
    words: Words | None = None,
) -> Letter:
    """The letter of ``event`` in ``language``: the owner's own words for it, else the neutral ones.

    ``values`` are the event's fields, and common ones that are other than usual; a field of the
    event that is missing is empty. Days and moments are told in ``timezone``. ``words`` (subject
    and body) are tried out instead of the owner's: DomainError ``invalid`` where they cannot be.
    """
    kind = CATALOGUE[event]
    with override(language), timezones.override(timezone):
        known = common_values(owner=owner, customer=customer, recipient=recipient)
        known |= {one.name: values.get(one.name) for one in kind.fields}
        known |= {name: value for name, value in values.items() if name in known}
        if words is not None:
            subject, marked = _filled_words(words, known)
        else:
            subject, marked = _said(owner, event, language, known)
        body = mark_safe(as_html(marked))  # noqa: S308 - escaped word by word
        direction = "rtl" if get_language_info(language)["bidi"] else "ltr"
        frame = {"language": language, "direction": direction, "title": sender_name(owner)}
        own = settings_of(owner)
        logo = own.logo_id if own else None
        frame["logo"] = logo_cid() if logo else ""
        return Letter(
            language=language,
            subject=one_line(plain(subject))[:250],
            text=plain(marked) + "\n",
            html=_framed(frame | {"body": body}),
            body=body,
            logo_id=logo,
        )


def _framed(frame: dict[str, Any]) -> str:
    """The HTML part with its style sheet inside: mail programs follow no links to one."""
    return stand_alone(render_to_string("mail/letter.html", frame), SHEETS).strip() + "\n"


def _said(owner: Customer, event: Event, language: str, known: Values) -> Words:
    """Subject and body, marked: in the owner's words, or the neutral ones where those fail.

    What happened is told in any case: nothing may hang on an owner's text.
    """
    own = MessageTemplate.objects.filter(owner=owner, event=event, language=language).first()
    if own is not None:
        try:
            return _filled_words((own.subject, own.body), known)
        except DomainError as error:
            logger.warning("Template %s does not fit its event: %s", own.pk, error.reason)
    return _filled_words(neutral_words(event), known)


def _filled_words(words: Words, known: Values) -> Words:
    subject, body = words
    return filled(subject, known), filled(body, known)


def neutral_words(event: Event) -> Words:
    """The system's subject and body of an event in the active language."""
    kind = CATALOGUE[event]
    return str(kind.subject), "\n\n".join(str(part) for part in kind.body)


def common_values(*, owner: Customer, customer: Customer, recipient: str) -> dict[str, Value]:
    """The fields that every message has."""
    company = customer.company_name or customer.name
    return {
        "contact.name": customer.contact or company,
        "customer.name": customer.name,
        "customer.company": company,
        "sender.name": sender_name(owner),
        "sender.email": reply_address(owner),
        "portal_link": Link(f"{settings.PORTAL_URL}/"),
        "recipient": recipient,
        "today": timezones.localdate(),
    }


def reply_address(owner: Customer) -> str:
    """Where answers to an owner's mail go: as its mail settings say, else its main e-mail."""
    own = settings_of(owner)
    return (own.reply_to if own else "") or owner.main_email


def sender_name(owner: Customer) -> str:
    """The name before the address of an owner's mail: as set, else its company's, else its own."""
    own = settings_of(owner)
    return one_line((own.sender_name if own else "") or owner.company_name or owner.name)


def settings_of(owner: Customer) -> MailSettings | None:
    """The mail settings of an owner, if it has any; read once for each instance of it."""
    found: MailSettings | None = getattr(owner, "mail_settings", None)
    return found


def new_message_id() -> str:
    """A Message-ID in the portal's own domain (RFC 5322)."""
    return f"<{uuid4().hex}@{mail_domain()}>"


def mail_domain() -> str:
    """The neutral domain that mail leaves from: nobody's of the tree."""
    return settings.MAIL_FROM.rpartition("@")[2]


def to_mail(message: Message, link: str, *, sender: str = "") -> EmailMessage:
    """The e-mail of a stored message, the same each time but for ``link`` (empty: it has none).

    ``sender`` is the address that it comes from; empty: the installation's.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(message.sender_name, addr_spec=sender or settings.MAIL_FROM)
    mail["To"] = ascii_address(message.recipient)
    if message.reply_to:
        mail["Reply-To"] = ascii_address(message.reply_to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = message.language
    mail.set_content(message.text.replace(LINK_MARK, link) if link else message.text)
    html = message.html.replace(LINK_MARK, link) if link else message.html
    mail.add_alternative(html, subtype="html")
    if message.logo is not None:
        _add_logo(mail, message.logo)
    if message.attachment is not None:
        kind, _slash, subtype = message.attachment.content_type.partition("/")
        content = bytes(message.attachment.content)
        name = message.attachment.name
        mail.add_attachment(content, maintype=kind, subtype=subtype, filename=name)
    return mail


def _add_logo(mail: EmailMessage, logo: Attachment) -> None:
    """Put the picture beside the HTML part, which names it by its Content-ID (RFC 2392)."""
    kind, _slash, subtype = logo.content_type.partition("/")
    html: Any = mail.get_body(("html",))
    html.add_related(bytes(logo.content), maintype=kind, subtype=subtype, cid=f"<{logo_cid()}>")


def logo_cid() -> str:
    """The Content-ID of the picture above a letter."""
    return f"logo@{mail_domain()}"


def as_seen(html: str, logo: Attachment | None) -> str:
    """The HTML part as a page shows it that has no mail around it: with the picture in it."""
    if logo is None:
        return html
    return html.replace(f"cid:{logo_cid()}", data_uri(logo.content_type, bytes(logo.content)))


def logo_as_seen(owner: Customer) -> str:
    """The picture above an owner's letters, as a page without them has it; empty: it has none."""
    own = settings_of(owner)
    return as_seen(f"cid:{logo_cid()}", own.logo) if own and own.logo else ""


def ascii_address(address: str) -> str:
    """An address with its domain as the wire wants it: ``a@xn--mnchen-3ya.example``."""
    name, _at, domain = address.rpartition("@")
    return f"{name}@{punycode(domain)}"


def one_line(text: str) -> str:
    """``text`` without line breaks, which no header may hold."""
    return " ".join(text.split())
