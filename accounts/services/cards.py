"""Makes prepaid cards in batches, hands out their PINs once, blocks them, notes their first use."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from accounts.choices import AccountKind, Charging, ResourceStatus
from accounts.models import Account, AccountTerms, CardBatch
from accounts.selectors.charging import may_manage_charging
from accounts.services.editing import check_account_kind, check_editor
from customers.models import Customer
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.display import datetime_text
from softswitch.core.errors import DomainError
from softswitch.core.sealing import pin_hash, seal, unseal
from tariffs.models import Tariff

MOST_CARDS = 10_000
LONGEST_NUMBER = 20
PIN_LENGTHS = range(4, 13)
# So many possible numbers stand behind each card made, so that none is found by trying.
SPREAD = 100


@dataclass(frozen=True, slots=True)
class NewCards:
    """What a batch is made of: ``value`` each, ``lifetime_days`` from the first use on.

    Numbers have ``number_length`` digits, the first ones being ``number_prefix``.
    """

    name: str
    count: int
    value: Decimal
    tariff: Tariff
    number_prefix: str = ""
    number_length: int = 12
    pin_length: int = 8
    lifetime_days: int | None = None
    expires_at: datetime | None = None


class Pin(NamedTuple):
    """A card as it is printed, once."""

    number: str
    pin: str


def make_cards(
    *, actor: Actor, customer: Customer, new: NewCards, currency: str
) -> tuple[CardBatch, list[Account]]:
    """A batch of cards of ``customer`` with random numbers and PINs, charged at ``new.tariff``.

    Part of the caller's transaction (``billing.services.cards``), which gives each its balance.
    Set-based: the number of statements does not grow with the cards. Raises DomainError naming
    the field, ``kind`` for a customer that cannot have cards, PermissionDenied.
    """
    check_editor(actor, customer, "accounts.add")
    if not may_manage_charging(actor, customer):
        raise PermissionDenied
    check_account_kind(customer, AccountKind.CARD)
    _check(new)
    cards = _draw(new)
    batch = CardBatch.objects.create(
        customer=customer,
        name=new.name.strip(),
        count=new.count,
        value=new.value,
        currency_id=currency,
        sealed_pins=seal("\n".join(f"{card.number} {card.pin}" for card in cards)),
        created_by=actor.user,
    )
    accounts = _store(batch, new, cards)
    record(
        actor=actor,
        customer=customer,
        action="cards_made",
        subject=batch,
        changes={"count": [0, new.count], "value": [0, f"{new.value} {currency}"]},
    )
    return batch, accounts


def take_pins(*, actor: Actor, batch: CardBatch) -> list[Pin]:
    """The numbers and PINs of a batch, once: they are gone from the database with this.

    Part of the caller's transaction, so that they stay if the file cannot be made. Raises
    DomainError ``exported`` (it says when), ``switched``: whoever acts as a customer is shown no
    secrets of it; PermissionDenied.
    """
    check_editor(actor, batch.customer, "accounts.add")
    if not may_manage_charging(actor, batch.customer):
        raise PermissionDenied
    if actor.is_switched:
        raise DomainError("switched", _("PINs are not shown while switched."))
    with transaction.atomic():
        locked = CardBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if locked.sealed_pins is None:
            when = datetime_text(locked.exported_at) if locked.exported_at else ""
            raise DomainError("exported", _("The PINs were exported on %(when)s.") % {"when": when})
        pins = [Pin(*line.split(" ")) for line in unseal(locked.sealed_pins).split("\n")]
        locked.sealed_pins, locked.exported_at = None, now()
        locked.save(update_fields=["sealed_pins", "exported_at"])
        record(actor=actor, customer=batch.customer, action="card_pins_exported", subject=batch)
    return pins


def set_batch_status(*, actor: Actor, batch: CardBatch, status: str) -> int:
    """Block (inactive) or unblock (active) all cards of a batch; how many changed."""
    check_editor(actor, batch.customer, "accounts.edit")
    if status not in ResourceStatus.values:
        raise DomainError("status", _("Choose a status."), field="status")
    with transaction.atomic():
        cards = Account.objects.live().filter(batch=batch).exclude(status=status)
        changed: int = cards.update(status=status)
        record(
            actor=actor,
            customer=batch.customer,
            action="card_batch_edited",
            subject=batch,
            changes={"status": ["", status], "cards": [0, changed]},
        )
    return changed


# Cards are locked in the order of their ids. Of calls that come in late an earlier one counts, and
# the end can only come nearer: LEAST passes over what is empty.
_NOTE = """
WITH used AS (
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]) AS used (account_id, first_at)
), card AS (
    SELECT a.id, used.first_at FROM accounts_account a JOIN used ON a.id = used.account_id
    WHERE a.kind = %s AND (a.first_used_at IS NULL OR a.first_used_at > used.first_at)
    ORDER BY a.id FOR NO KEY UPDATE OF a
)
UPDATE accounts_account a
SET first_used_at = card.first_at,
    expires_at = least(a.expires_at, card.first_at + make_interval(days => a.lifetime_days))
FROM card WHERE a.id = card.id
"""


def note_first_use(*, account_ids: Sequence[int], first_at: Sequence[datetime]) -> int:
    """Start the life of those accounts that are cards not used so early before; how many.

    ``first_at`` is when the first answered call of each started. Part of the caller's transaction,
    before it locks balances; one statement, however many there are.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [list(account_ids), list(first_at), AccountKind.CARD.value])
        return int(cursor.rowcount)


def _check(new: NewCards) -> None:
    """Refuse what makes no batch; each error names its field."""
    free = new.number_length - len(new.number_prefix)
    rules = {
        "name": (bool(new.name.strip()), _("Enter a name.")),
        "count": (1 <= new.count <= MOST_CARDS, _("Make 1 to 10,000 cards at once.")),
        "value": (new.value > 0, _("Enter an amount above 0.")),
        "number_prefix": (
            new.number_prefix == ""
            or (new.number_prefix.isascii() and new.number_prefix.isdigit()),
            _("A prefix has digits only."),
        ),
        "number_length": (
            new.number_length <= LONGEST_NUMBER and 10 ** max(free, 0) >= SPREAD * new.count,
            _("Numbers of this length could be guessed: take more digits, 20 at most."),
        ),
        "pin_length": (new.pin_length in PIN_LENGTHS, _("A PIN has 4 to 12 digits.")),
        "lifetime_days": (
            new.lifetime_days is None or 1 <= new.lifetime_days <= 3650,
            "Enter 1 to 3650 days.",
        ),
        "expires_at": (
            new.expires_at is None or new.expires_at > now(),
            _("This is in the past."),
        ),
    }
    for field, (holds, message) in rules.items():
        if not holds:
            raise DomainError(field, message, field=field)


def _draw(new: NewCards) -> list[Pin]:
    """Numbers that nothing has, each with a PIN, in ascending order of numbers."""
    free = new.number_length - len(new.number_prefix)
    drawn: set[str] = set()
    while len(drawn) < new.count:
        missing = new.count - len(drawn)
        fresh = {
            f"{new.number_prefix}{secrets.randbelow(10**free):0{free}}" for _ in range(missing)
        }
        taken = Account.objects.filter(auth_name__in=fresh).values_list("auth_name", flat=True)
        drawn |= fresh - set(taken)
    return [Pin(number, _digits(new.pin_length)) for number in sorted(drawn)]


def _digits(length: int) -> str:
    return f"{secrets.randbelow(10**length):0{length}}"


def _store(batch: CardBatch, new: NewCards, cards: list[Pin]) -> list[Account]:
    rows = [
        Account(
            customer=batch.customer,
            kind=AccountKind.CARD,
            auth_name=card.number,
            batch=batch,
            pin_hash=pin_hash(card.number, card.pin),
            lifetime_days=new.lifetime_days,
            expires_at=new.expires_at,
            opened_at=batch.created_at,
        )
        for card in cards
    ]
    try:
        with transaction.atomic():
            accounts = Account.objects.bulk_create(rows)
    except IntegrityError as error:
        raise DomainError(
            "taken", _("Some of the numbers were just taken: try again."), field="number_prefix"
        ) from error
    AccountTerms.objects.bulk_create(
        [
            AccountTerms(
                account=account,
                charging=Charging.BY_ITSELF,
                tariff=new.tariff,
                valid_from=batch.created_at,
            )
            for account in accounts
        ]
    )
    return accounts
