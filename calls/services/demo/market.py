"""Exchange rates of the demo and the import of its rate sheets."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random

from django.core.files.base import ContentFile
from django.utils.text import slugify

from calls.services.demo.plan import OPENED_DAYS, Offer
from calls.services.demo.sheets import WORTH
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from tariffs.choices import ImportState
from tariffs.models import Currency, RateImport, Tariff
from tariffs.services.exchange import add_exchange_rate
from tariffs.services.imports.applying import apply_import
from tariffs.services.imports.checking import check_import
from tariffs.services.imports.uploads import request_apply, start_import
from tariffs.services.tariffs import create_tariff

STEP = Decimal("0.000001")
DRIFT = 8  # thousandths by which a rate moves in a week, at most
PARAMETERS = ("free_seconds", "grace_period", "decimals", "duration_rounding", "cost_rounding")


def add_exchange_rates(*, actor: Actor, anchor: datetime, seed: int) -> int:
    """A rate per currency and week from before the opening to the anchor; returns how many."""
    rng = Random(f"{seed}/exchange")  # noqa: S311 (made-up rates)
    first = anchor.date() - timedelta(days=OPENED_DAYS + 8)
    count = 0
    for code, worth in sorted(WORTH.items()):
        currency = Currency.objects.get(code=code)
        if currency.is_base:
            continue
        rate = worth
        for days in range(0, OPENED_DAYS + 9, 7):
            add_exchange_rate(
                actor=actor,
                currency=currency,
                valid_on=first + timedelta(days=days),
                rate=rate.quantize(STEP, ROUND_HALF_EVEN),
                source="demo",
            )
            rate += rate * rng.randint(-DRIFT, DRIFT) / 1000
            count += 1
    return count


def add_tariff(*, actor: Actor, offer: Offer, zone: str, sheet: bytes, since: datetime) -> Tariff:
    """A tariff of the actor's customer with the rates of ``sheet``, all in force from ``since``."""
    parameters = {name: getattr(offer, name) for name in PARAMETERS}
    tariff = create_tariff(
        actor=actor,
        name=offer.name,
        currency=offer.currency,
        parameters={**parameters, "connect_fee": Decimal(offer.connect_fee)},
        valid_from=since,
        timezone=zone,
        is_default=offer.is_default,
    )
    started = start_import(
        actor=actor,
        tariff=tariff,
        file=ContentFile(sheet, name=f"{slugify(offer.name)}.csv"),
        name=f"{slugify(offer.name)}.csv",
        effective_at=since,
        by_job=False,
    )
    check_import(started.pk)
    checked: RateImport = RateImport.objects.get(pk=started.pk)
    if checked.state != ImportState.READY:
        raise DomainError("demo", f"The rate sheet of {offer.name} is {checked.state}.")
    request_apply(actor=actor, rate_import=checked, by_job=False)
    apply_import(checked.pk)
    return tariff
