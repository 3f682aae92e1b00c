"""What an owner has set up at an online payment provider; keys are sealed and never shown."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from billing.choices import ProviderKind
from billing.models import PaymentProvider, TopUp
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.sealing import seal

SECRETS = ("api_key", "webhook_secret")
RIGHTS = ("money.manage", "profile.edit")
_PREFIXES = {"api_key": ("sk_", "rk_"), "webhook_secret": ("whsec_",)}


def save_provider(*, actor: Actor, values: Mapping[str, Any]) -> PaymentProvider:
    """Set up how the actor's customer is paid online, or change it.

    ``values`` are columns; ``api_key`` and ``webhook_secret`` are plain text, empty to leave what
    is stored. Switching on needs both and a currency; switching off ends automatic top-ups too.
    Its administrators do it, else PermissionDenied. Raises DomainError ``required``, ``invalid`` or
    ``limits``, naming the field, or ``switched``: whoever acts as it changes no key. Locks the row;
    atomic with the audit row, which says that a key was changed, not which.
    """
    if actor.account_id is not None or not all(actor.can(right) for right in RIGHTS):
        raise PermissionDenied
    if actor.is_switched and any(values.get(name) for name in SECRETS):
        raise DomainError("switched", _("Keys are not changed while switched."), field=SECRETS[0])
    with transaction.atomic():
        # NO KEY: a top-up that is just being charged names it while its own row is locked.
        rows = PaymentProvider.objects.select_for_update(no_key=True)
        row, _made = rows.get_or_create(owner=actor.customer, kind=ProviderKind.STRIPE)
        changes = _apply(row, values)
        _check(row)
        row.save()
        if not row.is_enabled:
            TopUp.objects.filter(provider=row, is_enabled=True).update(is_enabled=False)
        if changes:
            record(
                actor=actor,
                customer=actor.customer,
                action="payment_provider_changed",
                subject=row,
                changes=changes,
            )
    return row


def _apply(row: PaymentProvider, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    changes: dict[str, list[Any]] = {}
    for name, value in values.items():
        if name in SECRETS:
            text = str(value).strip()
            if text:
                _check_secret(name, text)
                setattr(row, name, seal(text))
                changes[name] = ["", "set"]
        elif getattr(row, name) != value:
            changes[name] = [getattr(row, name), value]
            setattr(row, name, value)
    return changes


def _check_secret(name: str, text: str) -> None:
    prefixes = _PREFIXES[name]
    if not text.startswith(prefixes) or not text.isascii() or " " in text:
        raise DomainError(
            "invalid", _("It starts with %(names)s.") % {"names": " or ".join(prefixes)}, field=name
        )


def _check(row: PaymentProvider) -> None:
    if not 0 < row.minimum <= row.maximum:
        raise DomainError("limits", _("Enter a largest payment of at least this."), field="minimum")
    if not row.is_enabled:
        return
    for name in (*SECRETS, "currencies"):
        if not getattr(row, name):
            raise DomainError("required", _("This is needed to be paid online."), field=name)
