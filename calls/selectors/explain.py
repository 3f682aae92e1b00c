"""What a call cost at each level that the viewer may see, with the formula filled in."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from billing.models import Charge
from calls.models import Call
from calls.selectors.re_rating import Revision, revisions_of
from customers.models import Customer
from customers.selectors.names import shown_name
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.models import Rate, Tariff, TariffVersion
from tariffs.rating.explain import Step, explain
from tariffs.selectors import convert, rate_terms_of, terms_of


@dataclass(frozen=True, slots=True)
class ChargedLevel:
    """One level: ``cost`` in the tariff's ``currency``, ``amount`` in ``balance_currency``.

    ``name`` is the customer's, as the viewer may read it; ``tariff`` is None where it is not the
    viewer's to see; ``rate`` and ``steps`` are empty for a
    call that was not answered. ``profit`` is what the level's seller earns, in this level's
    balance currency: None at the top, and where the seller's own charge is hidden. ``revisions``
    are what it paid before it was re-rated.
    """

    number: int
    customer: Customer
    name: str
    cost: Decimal
    currency: str
    exchange_rate: Decimal
    amount: Decimal
    balance_currency: str
    billed_seconds: int
    tariff: Tariff | None
    rate: Rate | None
    steps: tuple[Step, ...]
    profit: Decimal | None
    revisions: tuple[Revision, ...] = ()

    @property
    def is_account_level(self) -> bool:
        return self.number == 0


def explain_call(call: Call, actor: Actor) -> list[ChargedLevel]:
    """The levels of ``call`` from the bottom up: the viewer's own and those below, never above.

    Empty if the call is not charged (yet), or costs the viewer's side nothing.
    """
    rows = Charge.objects.visible_to(actor).filter(call_id=call.id, setup_at=call.setup_at)
    named = rows.annotate(name=shown_name(actor, then="setup_at"))
    joined = named.select_related("customer", "balance", "rate__profile")
    revisions = list(joined.order_by("level", "revision"))
    charges = list({charge.level: charge for charge in revisions}.values())  # the newest of each
    earlier = revisions_of(actor, revisions)
    versions = TariffVersion.objects.select_related("tariff").in_bulk(
        {charge.tariff_version_id for charge in charges if charge.tariff_version_id}
    )
    tariffs = Tariff.objects.visible_to(actor).in_bulk({v.tariff_id for v in versions.values()})
    above: list[Charge | None] = [*charges[1:], None][: len(charges)]
    return [
        replace(
            _level(charge, versions.get(charge.tariff_version_id or 0), tariffs, seller),
            revisions=tuple(earlier.get(charge.level, ())),
        )
        for charge, seller in zip(charges, above, strict=True)
    ]


def _level(
    charge: Any,
    version: TariffVersion | None,
    tariffs: dict[int, Tariff],
    seller: Charge | None,
) -> ChargedLevel:
    return ChargedLevel(
        number=charge.level,
        customer=charge.customer,
        name=charge.name,
        cost=charge.cost,
        currency=version.tariff.currency_id if version else charge.balance.currency_id,
        exchange_rate=charge.exchange_rate,
        amount=charge.amount,
        balance_currency=charge.balance.currency_id,
        billed_seconds=charge.billed_seconds,
        tariff=tariffs.get(version.tariff_id) if version else None,
        rate=charge.rate,
        steps=_steps(charge, version),
        profit=_profit(charge, seller),
    )


def _steps(charge: Charge, version: TariffVersion | None) -> tuple[Step, ...]:
    if charge.rate is None or version is None:
        return ()
    seconds = Decimal(charge.duration_ms) / 1000
    return explain(terms_of(version), rate_terms_of(charge.rate), seconds)


def _profit(charge: Charge, seller: Charge | None) -> Decimal | None:
    """What is left of ``charge`` after the seller's own charge, at the rate of the call's end."""
    if seller is None or seller.customer_id != charge.issuer_id:
        return None
    try:
        own = convert(
            seller.amount,
            source=seller.balance.currency_id,
            target=charge.balance.currency_id,
            at=charge.ended_at,
        )
    except DomainError:  # without an exchange rate there is nothing to compare
        return None
    return charge.amount - own.amount
