"""Which programs an owner has told of its events: add, change, archive, new secret."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.services.audit import changed, record
from customers.tenancy import Actor
from notifications.catalogue import CATALOGUE
from notifications.choices import HOOKED, Event
from notifications.models import Webhook
from notifications.selectors import may_be_told, may_manage_webhook, may_manage_webhooks
from softswitch.core.errors import DomainError
from softswitch.core.outbound import reachable, target_of
from softswitch.core.sealing import seal

PREFIX = "whsec_"
BOTH_SIGN = timedelta(days=1)  # after a change of the secret
MOST_WEBHOOKS = 20  # of an owner: each event is written for each of them
COLUMNS = frozenset({"name", "url", "events", "is_active"})


def create_webhook(*, actor: Actor, values: Mapping[str, Any]) -> tuple[Webhook, str]:
    """A new webhook of the actor's customer, and its secret, which is never shown again.

    ``values`` are columns. Raises PermissionDenied as ``may_manage_webhooks`` says and for an event
    that the actor may not be told itself, by its token say (``may_be_told``); DomainError
    ``required``, ``events``, ``invalid_url``, ``unreachable`` or
    ``too_many``. Locks the customer's row; atomic with the audit row.
    """
    if not may_manage_webhooks(actor):
        raise PermissionDenied
    clean = _checked(values)
    for name in ("name", "url", "events"):
        _need(clean, name)
    _check_told(actor, clean["events"])
    secret = _new_secret()
    with transaction.atomic():
        owner = Customer.objects.select_for_update(no_key=True).get(pk=actor.customer_id)
        if owner.webhooks.filter(archived_at=None).count() >= MOST_WEBHOOKS:
            text = _("There are %(most)d webhooks already: archive one first.")
            raise DomainError("too_many", text % {"most": MOST_WEBHOOKS})
        webhook: Webhook = Webhook.objects.create(owner=owner, secret=seal(secret), **clean)
        changes = {name: ["", value] for name, value in clean.items()}
        _record(actor, webhook, "webhook_created", changes)
    return webhook, secret


def edit_webhook(*, actor: Actor, webhook: Webhook, values: Mapping[str, Any]) -> Webhook:
    """Change name, URL, events, or whether it is told anything.

    What waits for a webhook that is switched off fails when its turn comes. Raises as
    ``create_webhook``. Locks the row; atomic with the audit row.
    """
    _check(actor, webhook)
    clean = _checked(values)
    with transaction.atomic():
        fresh = _locked(webhook)
        _check_told(actor, set(clean.get("events", ())) - set(fresh.events))
        differences = changed(fresh, clean)
        if differences:
            fresh.save(update_fields=list(differences))
            _record(actor, fresh, "webhook_changed", differences)
    return fresh


def archive_webhook(*, actor: Actor, webhook: Webhook) -> None:
    """Tell it nothing any more; what was told stays in its log. There is no undo.

    Safe to repeat. Raises PermissionDenied as ``may_manage_webhook`` says. Locks the row; atomic
    with the audit row.
    """
    _check(actor, webhook)
    with transaction.atomic():
        fresh = _locked(webhook)
        if fresh.archived_at is None:
            fresh.archived_at = now()
            fresh.save(update_fields=["archived_at"])
            _record(actor, fresh, "webhook_archived", {})


def rotate_secret(*, actor: Actor, webhook: Webhook) -> str:
    """Give it a new secret, which is returned and never shown again.

    The one before signs as well for BOTH_SIGN. The one before that is forgotten at once. Raises
    PermissionDenied as ``may_manage_webhook`` says. Locks the row; atomic with the audit row.
    """
    _check(actor, webhook)
    secret = _new_secret()
    with transaction.atomic():
        fresh = _locked(webhook)
        fresh.previous_secret, fresh.previous_until = fresh.secret, now() + BOTH_SIGN
        fresh.secret = seal(secret)
        fresh.save(update_fields=["secret", "previous_secret", "previous_until"])
        _record(actor, fresh, "webhook_secret_changed", {})
    return secret


def _check(actor: Actor, webhook: Webhook) -> None:
    if not may_manage_webhook(actor, webhook):
        raise PermissionDenied


def _locked(webhook: Webhook) -> Webhook:
    row: Webhook = Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
    return row


def _new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` as they are stored; raises what is wrong with them, naming the field."""
    unknown = set(values) - COLUMNS
    if unknown:
        raise ValueError(f"no columns of a webhook: {unknown}")
    clean = dict(values)
    if "name" in clean:
        clean["name"] = clean["name"].strip()
        _need(clean, "name")
    if "events" in clean:
        clean["events"] = _events(clean["events"])
    if "url" in clean:
        clean["url"] = clean["url"].strip()
        _check_url(clean["url"])
    return clean


def _need(clean: Mapping[str, Any], name: str) -> None:
    if not clean.get(name):
        raise DomainError("required", _("This is needed."), field=name)


def _events(asked: list[str]) -> list[str]:
    """The events in the order of the catalogue, each once."""
    known = [event for event, _label in HOOKED]
    if not asked or not set(asked) <= set(known):
        raise DomainError("events", _("Choose what the webhook is told."), field="events")
    return [event for event in known if event in asked]


def _check_told(actor: Actor, events: Iterable[str]) -> None:
    for event in events:
        if not may_be_told(actor, event):
            needed = ", ".join(sorted(CATALOGUE[Event(event)].rights))
            raise PermissionDenied(f"To be told of {event} needs {needed}.")


def _check_url(url: str) -> None:
    """Said now, where the portal would not connect to it later."""
    target = target_of(url)
    try:
        reachable(target.host, target.port)
    except DomainError as error:
        raise DomainError(error.code, error.message, field="url") from error


def _record(actor: Actor, webhook: Webhook, action: str, changes: dict[str, list[Any]]) -> None:
    """The audit row; of a URL its host alone, as the rest may be a secret of the receiver's."""
    told = {name: [_told(name, value) for value in pair] for name, pair in changes.items()}
    record(
        actor=actor,
        customer=actor.customer,
        action=action,
        subject=webhook.name,
        changes=told,
    )


def _told(name: str, value: Any) -> Any:
    if name == "url" and value:
        return target_of(value).host
    return ", ".join(value) if isinstance(value, list) else value
