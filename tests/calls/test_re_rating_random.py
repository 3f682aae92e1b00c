"""Re-ratings at random, of many levels, currencies, accounts and a move, against plain sums."""

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now

from billing.models import Balance, BillingPeriod, Charge
from billing.selectors.statements import statement
from calls.choices import ReportGroup, ReRatingState
from calls.models import Call, ReRating
from calls.selectors.cdrs import CallSearch
from calls.selectors.reports import ReportSearch, report
from calls.selectors.totals import call_totals
from calls.services.re_rating import previewing
from calls.services.traffic import fold_traffic
from customers.models import Customer
from tariffs.models import ExchangeRate, Rate, Tariff
from tests.calls.re_rated import apply, assert_sound, figures, preview, undo
from tests.calls.stored import START, expected_charges
from tests.calls.traffic import Business
from tests.world import World, actor_of, tariff_with_rates

DAY = timedelta(days=1)


class Changes(Business):
    """A business whose prices are put right behind everybody's back, and its calls re-rated."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(world, seed)
        self.revision = 1000
        self.others = [
            tariff_with_rates(owner, f"Other of {owner.name}", currency, factor=factor)
            for owner, currency, factor in (
                (world.root, "EUR", "0.7"),
                (world.reseller, "GBP", "1.1"),
                (world.sub_reseller, "USD", "5"),
            )
        ]
        self.applied: list[tuple[ReRating, dict[Any, Any]]] = []

    def put_right(self) -> None:
        """Other prices, or an exchange rate that was forgotten."""
        if self.chance.random() < 0.3:
            day = START.date() + timedelta(days=self.chance.randrange(40))
            code = self.chance.choice(["EUR", "GBP"])
            rate = Decimal(self.chance.randrange(8000, 30000)) / 10_000
            ExchangeRate.objects.update_or_create(
                currency_id=code, valid_on=day, defaults={"rate": rate}
            )
            return
        rates = list(Rate.objects.exclude(tariff__in=self.others).order_by("pk"))
        for row in self.chance.sample(rates, 3):
            row.price_1 = row.price_n = Decimal(self.chance.randrange(1, 90)) / 1000
            row.save()
        self.revision += 1
        Tariff.objects.update(rates_revision=self.revision)

    def choice(self, owner: Customer) -> dict[str, Any]:
        """A filter and terms at random, of what ``owner`` may choose."""
        asked: dict[str, Any] = {}
        if self.chance.random() < 0.4:
            asked["since"] = START + timedelta(days=self.chance.randrange(30))
        if self.chance.random() < 0.3:
            asked["called"] = self.chance.choice(["44*", "33*", "*0"])
        if self.chance.random() < 0.3:
            asked["customer"] = self.world.shop
        own = [tariff for tariff in self.others if tariff.owner_id == owner.pk]
        if own and self.chance.random() < 0.5:
            asked["tariff"] = own[0]
        return asked

    def step(self) -> None:
        self.put_right()
        owner = self.chance.choice([self.world.root, self.world.reseller, self.world.sub_reseller])
        actor = actor_of(owner)
        if self.applied and self.chance.random() < 0.4:
            job, before = self.applied.pop()
            undone = undo(actor_of(job.owner), job, posts_to_open=True)
            assert undone.state == ReRatingState.UNDONE
            assert figures() == before
            return
        before = figures()
        job = preview(actor, **self.choice(owner))
        assert figures() == before
        if not job.calls_changed:
            return
        done = apply(actor, job, posts_to_open=True)
        assert done.state == ReRatingState.APPLIED, done.failure
        self.check(job, before)
        self.applied.append((job, before))

    def check(self, job: ReRating, before: dict[Any, Any]) -> None:
        """What changed is what the preview said, by payer and level."""
        shown = Counter({(s.balance_id, s.level): s.difference for s in job.sums.all()})
        moved: Counter[Any] = Counter()
        for (call, level), facts in figures().items():
            moved[facts[1], level] += facts[3] - before[call, level][3]
        for key in set(shown) | set(moved):
            assert shown[key] == moved[key]


def by_day(lines: Any) -> dict[Any, Decimal]:
    """What each day comes to; what re-ratings changed of it is a line of its own."""
    found: dict[Any, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.day:
            found[line.day] += line.amount
    return found


def reported(world: World) -> None:
    """Reports, sums of CDRs and statements say what the newest charges add up to."""
    newest = {(c.call_id, c.level): c for c in Charge.objects.order_by("revision")}
    since, until = START - DAY, now() + DAY
    for who in ("sub_reseller", "reseller", "operator"):
        actor = world.actor(who)
        asked = ReportSearch(ReportGroup.DAY, since, until, "UTC")
        total = report(actor, asked).total
        earned: dict[str, Decimal] = defaultdict(Decimal)
        calls = set()
        for (call, _level), charge in newest.items():
            if charge.issuer_id == actor.customer_id:
                earned[charge.balance.currency_id] += charge.amount
                calls.add(call)
        assert {k: v for k, v in total.earned.items() if v} == {
            k: v for k, v in earned.items() if v
        }
        if who == "operator":
            assert total.counts["attempts"] == len(calls)
    for who in ("shop", "sub_reseller", "sub_customer"):
        actor, balance = world.actor(who), world.balance(who)
        mine = [c for c in newest.values() if c.balance_id == balance.pk and c.setup_at >= since]
        if not mine:
            continue
        totals = call_totals(actor, CallSearch(since, until, customer_id=balance.customer_id))
        assert totals.paid is not None
        assert totals.paid.amount == sum(c.amount for c in mine)
        days: dict[Any, Decimal] = defaultdict(Decimal)
        zone = ZoneInfo(str(balance.period_timezone))
        for charge in mine:
            days[charge.ended_at.astimezone(zone).date()] -= charge.amount
        shown = statement(actor=actor, balance=balance, since=since.date(), until=until.date())
        assert by_day(shown.lines) == days
        listed = sum(line.calls for line in shown.lines)
        assert listed == len(mine)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_re_rated_adds_up(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing.preview_batch, "__defaults__", (7,))  # many batches
    business = Changes(world, seed)
    business.calls(40)
    for turn in range(8):
        business.step()
        if turn == 3:
            business.calls(5)
            business.applied.clear()  # figures of before have calls less
        if business.chance.random() < 0.3:
            fold_traffic()
        if business.chance.random() < 0.2:
            some = BillingPeriod.objects.filter(closed_at=None, ends_at__lt=now()).first()
            if some:
                BillingPeriod.objects.filter(pk=some.pk).update(closed_at=now())
        assert_sound()
    reported(world)


def test_in_force_means_what_a_plain_recomputation_says(world: World) -> None:
    business = Changes(world, 99)
    business.calls(30)
    for _turn in range(4):
        business.put_right()
    for who in ("operator", "reseller", "other_reseller", "sub_reseller"):
        job = preview(world.actor(who))
        if job.calls_changed:
            assert apply(world.actor(who), job).state == ReRatingState.APPLIED
    found = figures()
    for call in Call.objects.filter(duration_ms__gt=0):
        for level, payer, cost, amount in expected_charges(call):
            facts = found[call.id, level]
            # What its accounts owe a business is its own, and it has no tariffs to put right.
            if level or facts[0] not in {world.shop.pk, world.sub_customer.pk}:
                assert (facts[0], facts[2], facts[3]) == (payer, cost, amount)
    assert_sound()


def test_calls_from_before_a_move_are_the_old_owners(world: World) -> None:
    business = Changes(world, 5)
    business.move()
    moved = Balance.objects.get(customer=world.sub_reseller, closed_at__isnull=False)
    beside = Tariff.objects.get(name="Beside")
    for tariff in (Tariff.objects.get(name="Retail"), beside):
        Rate.objects.filter(tariff=tariff).update(price_1="0.4", price_n="0.4")
    Tariff.objects.update(rates_revision=5000)
    window = {"since": now() - DAY, "till": now() + timedelta(seconds=1)}
    old = preview(world.actor("reseller"), **window)
    new = preview(world.actor("other_reseller"), **window)
    of_moved = {"customer": world.sub_reseller}
    assert set(old.sums.filter(**of_moved).values_list("balance", flat=True)) <= {moved.pk}
    assert not new.sums.filter(balance=moved).exists()
    # Nor is the new owner told how much it called before.
    paid = Charge.objects.filter(customer=world.sub_reseller, revision=0, duration_ms__gt=0)
    of_it = preview(world.actor("other_reseller"), customer=world.sub_reseller, **window)
    since = paid.exclude(balance=moved)
    assert of_it.calls_read == since.count() < paid.count()
    # What the sub-reseller sells is no longer the old owner's to change.
    assert not old.sums.filter(balance__issuer=world.sub_reseller).exists()
    for actor, job in ((world.actor("reseller"), old), (world.actor("other_reseller"), new)):
        if job.calls_changed:
            assert apply(actor, job, posts_to_open=True).state == ReRatingState.APPLIED
        assert_sound()
