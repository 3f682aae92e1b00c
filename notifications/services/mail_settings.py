"""How an owner's mail leaves: its name, its addresses, its server, its picture."""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.services.audit import changed, record
from customers.tenancy import Actor
from notifications.models import Attachment, MailSettings
from notifications.services.servers import address_of_own, check_sign_in
from notifications.services.turns import try_anew
from softswitch.core.errors import DomainError
from softswitch.core.pictures import media_type_of
from softswitch.core.sealing import seal

RIGHT = "profile.edit"
# Where letters are handed in: whoever changes one of these tells the password again, else it would
# go to a server, or in a way, that its owner never gave it to.
SERVER = ("host", "port", "security", "user")
# What nobody changes who acts as another: answers would go on to it when its right has ended.
SWITCHED = ("reply_to", "sender_address", *SERVER)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?\Z")
_ASCII = re.compile(r"[ -~]*\Z")


def save_mail_settings(
    *,
    actor: Actor,
    values: Mapping[str, Any],
    password: str = "",
    logo_file: bytes | None = None,
) -> MailSettings:
    """Set up how the mail of the actor's customer leaves, or change it.

    ``values`` are columns; ``logo`` None takes the picture off, ``logo_file`` puts another one
    there. ``password`` is plain text, empty to leave what is stored; it is told again whenever the
    server, its port, encryption or user name changes. For its administrators, else
    PermissionDenied. Raises DomainError, naming the field: ``invalid``, ``required``,
    ``password_again``, ``unreachable``, ``port``, or ``switched``: whoever acts as it changes
    neither server nor addresses. Locks the row; atomic with the audit row, which says that a
    password was changed, not which.
    """
    if actor.account_id is not None or not actor.can(RIGHT):
        raise PermissionDenied
    with transaction.atomic():
        row = _locked(actor)
        changes = changed(row, dict(values))
        _check_switched(actor, changes, password)
        _check_server(row, changes, password)
        changes |= _put(row, password, logo_file)
        row.save()
        if changes.keys() & {*SERVER, "sender_address", "password"}:
            try_anew(owner_id=actor.customer_id, moment=now())
        if changes:
            record(
                actor=actor,
                customer=actor.customer,
                action="mail_settings_changed",
                subject=row.sender_address or actor.customer,
                changes=changes,
            )
    return row


def _put(row: MailSettings, password: str, logo_file: bytes | None) -> dict[str, list[str]]:
    """Password and picture, where there is a new one; returns what an audit row may say of it."""
    put = {}
    if password:
        row.password = seal(password)
        put["password"] = ["", "set"]
    elif not row.user:
        row.password = None
    if logo_file is not None:
        row.logo = _keep(logo_file)
        put["logo"] = ["", "set"]
    return put


def _locked(actor: Actor) -> MailSettings:
    rows = MailSettings.objects.select_for_update()
    row, _made = rows.get_or_create(owner=actor.customer)
    return row


def _check_switched(actor: Actor, changes: Mapping[str, Any], password: str) -> None:
    named = next((name for name in SWITCHED if name in changes), "password" if password else "")
    if actor.is_switched and named:
        text = _("Server and addresses are not changed while switched.")
        raise DomainError("switched", text, field=named)


def _check_server(row: MailSettings, changes: Mapping[str, Any], password: str) -> None:
    """The server is whole, and one that the portal may connect to."""
    _check_whole(row)
    if not row.host:
        return
    if not _HOST.match(row.host):
        raise DomainError("invalid", _("Enter a name such as mail.example.com."), field="host")
    check_sign_in(row)
    _check_password(row, changes, password)
    if changes.keys() & {"host", "port"}:
        _check_reachable(row)


def _check_password(row: MailSettings, changes: Mapping[str, Any], password: str) -> None:
    """A password goes to the very server, and in the way, that it was told for."""
    for name, value in (("user", row.user), ("password", password)):
        if not _ASCII.match(value):
            text = _("Only letters, digits and signs of ASCII can be sent.")
            raise DomainError("invalid", text, field=name)
    if password:
        return
    if not row.password:
        raise DomainError("required", _("A user name needs its password."), field="password")
    if changes.keys() & set(SERVER):
        text = _("The server has changed: type the password again.")
        raise DomainError("password_again", text, field="password")


def _check_whole(row: MailSettings) -> None:
    """Server and address go together: neither may speak in the name of the other's domain."""
    if row.sender_address and not row.host:
        text = _("An address of your own needs your own SMTP server.")
        raise DomainError("required", text, field="host")
    if row.host and not row.sender_address:
        text = _("Your own SMTP server needs an address of your own to send from.")
        raise DomainError("required", text, field="sender_address")


def _check_reachable(row: MailSettings) -> None:
    try:
        address_of_own(row.host, row.port)
    except DomainError as error:
        raise DomainError(error.code, error.message, field=error.field or "host") from error


def _keep(content: bytes) -> Attachment:
    """The picture as letters carry it; a letter that was written keeps the one of its day."""
    media_type = media_type_of(content)
    name = f"logo.{media_type.partition('/')[2]}"
    return Attachment.objects.create(name=name, content_type=media_type, content=content)
