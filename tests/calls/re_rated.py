"""Re-ratings made at once, and what must be true of every charge after any number of them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from billing.models import Balance, Charge, UsageEntry
from billing.services import verify
from calls.models import Call, ReRating
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from calls.services.re_rating.deciding import Choice, request_apply, request_undo, start_re_rating
from calls.services.re_rating.running import run_re_rating
from customers.tenancy import Actor
from tariffs.models import Rate, Tariff
from tests.calls.stored import START, store_call
from tests.world import World, tariff_with_rates

DAY = timedelta(days=1)
LONDON = "442071234567"
PARIS = "33199990000"


def preview(actor: Actor, **choice: Any) -> ReRating:
    """A re-rating of the calls of a year, or of what ``choice`` says, with its preview."""
    window = {"since": START - 60 * DAY, "till": START + 300 * DAY}
    job = start_re_rating(actor=actor, choice=Choice(**window | choice), reason="Wrong price")
    run_re_rating(re_rating_id=job.pk)
    return ReRating.objects.get(pk=job.pk)


def apply(actor: Actor, job: ReRating, *, posts_to_open: bool = False) -> ReRating:
    request_apply(actor=actor, job=job, posts_to_open=posts_to_open)
    run_re_rating(re_rating_id=job.pk)
    return ReRating.objects.get(pk=job.pk)


def undo(actor: Actor, job: ReRating, *, posts_to_open: bool = False) -> ReRating:
    request_undo(actor=actor, job=job, posts_to_open=posts_to_open)
    run_re_rating(re_rating_id=job.pk)
    return ReRating.objects.get(pk=job.pk)


def re_rate(actor: Actor, **choice: Any) -> ReRating:
    return apply(actor, preview(actor, **choice))


def standing_of(call: Call) -> dict[int, Charge]:
    """The newest charge of each level, by plain queries."""
    rows = Charge.objects.filter(call_id=call.id).order_by("revision")
    return {row.level: row for row in rows}


def paid(call: Call) -> dict[int, Decimal]:
    return {level: row.amount for level, row in standing_of(call).items()}


def figures() -> dict[tuple[int, int], tuple[Any, ...]]:
    """What stands of every level of every call."""
    rows = Charge.objects.order_by("revision")
    return {
        (c.call_id, c.level): (
            c.customer_id, c.balance_id, c.cost, c.amount, c.exchange_rate, c.billed_seconds,
            c.rate_id, c.tariff_version_id, c.duration_ms,
        )
        for c in rows
    }  # fmt: skip


def balances() -> dict[int, Decimal]:
    return dict(Balance.objects.values_list("pk", "amount"))


def assert_sound() -> None:
    """The proofs find nothing, and usage is the plain sum of charges that stand."""
    assert [*verify.differences(), *verify_calls.differences()] == []
    newest = {(c.call_id, c.level): c for c in Charge.objects.order_by("revision")}
    for balance in Balance.objects.all():
        stands = sum((c.amount for c in newest.values() if c.balance_id == balance.pk), Decimal(0))
        usage = UsageEntry.objects.filter(balance=balance)
        assert usage.aggregate(s=Sum("amount", default=Decimal(0)))["s"] == -stands
        calls = {c.call_id for c in newest.values() if c.balance_id == balance.pk}
        assert usage.aggregate(s=Sum("calls", default=0))["s"] == len(calls)


def charged_calls(world: World) -> Call:
    """A charged minute of the shop's account to London: 1 shop, 2 sub-reseller, 3 reseller."""
    call = store_call(world.shop, LONDON, 61, account=world.account)
    store_call(world.sub_customer, PARIS, 30, at=START + DAY)
    store_call(world.shop, LONDON, 5, answered=False)
    charge_pending()
    return call


def dearer(world: World, who: str = "sub_reseller", factor: str = "9") -> Tariff:
    return tariff_with_rates(getattr(world, who), f"Dear {who}", "USD", factor=factor)


def correct(tariff: Tariff, price: str) -> None:
    """Put right what a rate should have been all along, behind everybody's back."""
    Rate.objects.filter(tariff=tariff, prefix="4420").update(price_1=price, price_n=price)
    Tariff.objects.filter(pk=tariff.pk).update(rates_revision=900 + int(Decimal(price) * 100))
