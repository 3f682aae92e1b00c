"""Keeps the answers of the wizard until Submit, Cancel, or a day without a change."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.models import Customer, CustomerDraft
from customers.selectors.drafts import (
    LIFETIME,
    Answers,
    Draft,
    Refusal,
    StepAnswers,
    read_draft,
)
from customers.tenancy import Actor
from softswitch.core.errors import DomainError

LARGEST = 100_000  # characters of all answers together


def start_draft(*, actor: Actor, key: str, answers: Answers, template: str = "") -> Draft:
    """Begin anew with ``answers`` (of a template), in place of whatever draft there was."""
    with transaction.atomic():
        row = _locked(actor)
        return _store(row, {"key": key, "steps": _clean(answers), "template": template})


def save_step(*, actor: Actor, key: str, step: str, values: StepAnswers) -> Draft:
    """Keep what was typed for one step, right or wrong; the caller leaves out passwords.

    Locks the draft. Where ``key`` has been submitted, nothing is kept and the draft says whom it
    made. Raises DomainError ``other_draft`` where another tab is at another draft, ``too_large``.
    """
    with transaction.atomic():
        row = _locked(actor)
        stored = _live(row)
        if stored and stored["key"] != key:
            if not stored.get("customer"):
                raise DomainError(
                    "other_draft", _("Another tab has started another customer. This is its draft.")
                )
            stored = {}
        if stored.get("customer"):
            return read_draft(row)
        refused = stored.get("refusal")
        if refused and refused[0] == step:
            stored = stored | {"refusal": None}
        steps = {**stored.get("steps", {}), **_clean({step: values})}
        return _store(row, stored | {"key": key, "steps": steps})


def refuse_draft(*, actor: Actor, key: str, refusal: Refusal | None = None) -> None:
    """Note that Submit found errors, and what it was refused for beyond those of the forms."""
    with transaction.atomic():
        row = _locked(actor)
        stored = _live(row)
        if stored.get("key") == key and not stored.get("customer"):
            noted = [refusal.step, refusal.field, refusal.message] if refusal else None
            _store(row, stored | {"is_checked": True, "refusal": noted})


def lock_draft(*, actor: Actor, key: str) -> Draft | None:
    """The draft of ``key`` under a lock, for who turns it into a customer; part of its atomic.

    None where it is gone: cancelled, a day old, or another one by now.
    """
    row = _locked(actor)
    stored = _live(row)
    return read_draft(row) if stored.get("key") == key else None


def close_draft(*, actor: Actor, key: str, customer: Customer) -> None:
    """Forget the answers of a draft that ``lock_draft`` holds: ``customer`` came of them."""
    _store(_locked(actor), {"key": key, "customer": customer.pk})


def cancel_draft(*, actor: Actor, key: str) -> None:
    """Forget the draft of ``key``. Safe to repeat; a draft of another tab stays."""
    with transaction.atomic():
        row = _locked(actor)
        if _live(row).get("key") in (None, key):
            row.delete()


def purge_drafts() -> int:
    """Delete the drafts that are a day old; returns how many. Reading ignores them already."""
    gone, _models = CustomerDraft.objects.filter(updated_at__lt=now() - LIFETIME).delete()
    return gone


def _locked(actor: Actor) -> CustomerDraft:
    """The row of the actor's draft, locked; made where there is none."""
    if actor.user is None or actor.account_id is not None or not actor.can("customers.add"):
        raise PermissionDenied
    row: CustomerDraft
    rows = CustomerDraft.objects.select_for_update(no_key=True)
    row, _is_new = rows.get_or_create(user=actor.user, owner_id=actor.customer_id)
    return row


def _live(row: CustomerDraft) -> dict[str, Any]:
    """What the row holds, or nothing where it is too old."""
    return dict(row.answers) if row.updated_at > now() - LIFETIME else {}


def _store(row: CustomerDraft, stored: dict[str, Any]) -> Draft:
    if len(json.dumps(stored)) > LARGEST:
        raise DomainError("too_large", _("These answers are too long."))
    row.answers = stored
    row.save(update_fields=["answers", "updated_at"])
    return read_draft(row)


def _clean(answers: Mapping[str, StepAnswers]) -> dict[str, dict[str, list[str]]]:
    """As JSON; PostgreSQL keeps no NUL characters."""
    return {
        step: {name: [text.replace("\x00", "") for text in texts] for name, texts in values.items()}
        for step, values in answers.items()
    }
