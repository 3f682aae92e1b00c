"""Charged calls are priced anew: preview, applying in batches, undo, and what is never touched."""

from decimal import Decimal

import pytest
from django.utils.timezone import now

from billing.models import Charge, UsageEntry
from billing.services.accounts import AccountTariff, open_account
from calls.choices import ReRatingState
from calls.models import Call, ReRatingEntry
from calls.services.charging import charge_pending
from calls.services.rate_imports import roll_back_import
from calls.services.re_rating.deciding import (
    preview_again,
    request_apply,
    request_undo,
)
from calls.services.re_rating.running import run_re_rating
from softswitch.core.errors import DomainError
from tariffs.models import ExchangeRate, Rate, RateImport, Tariff
from tests.calls.re_rated import (
    DAY,
    LONDON,
    PARIS,
    apply,
    assert_sound,
    balances,
    charged_calls,
    correct,
    dearer,
    figures,
    paid,
    preview,
    re_rate,
    standing_of,
    undo,
)
from tests.calls.stored import START, expected_charges, store_call
from tests.world import OPENED, World


@pytest.fixture
def called(world: World) -> Call:
    return charged_calls(world)


def test_a_preview_changes_nothing_and_says_what_would(world: World, called: Call) -> None:
    correct(Tariff.objects.get(name="Street"), "3")
    before, money = figures(), balances()
    job = preview(world.actor("sub_reseller"))
    assert (job.state, job.calls_read, job.calls_changed) == (ReRatingState.PREVIEWED, 1, 1)
    (row,) = job.sums.all()
    assert (row.level, row.customer, row.calls, row.changed) == (1, world.shop, 1, 1)
    assert (row.before, row.after) == (paid(called)[1], Decimal("3.3"))
    assert row.difference == row.after - row.before
    assert (figures(), balances()) == (before, money)
    assert_sound()


def test_applying_reverses_and_charges_anew_and_moves_the_balance(
    world: World, called: Call
) -> None:
    correct(Tariff.objects.get(name="Street"), "3")
    before, money = paid(called), balances()
    job = re_rate(world.actor("sub_reseller"))
    assert job.state == ReRatingState.APPLIED
    rows = list(Charge.objects.filter(call_id=called.id, level=1).order_by("revision"))
    assert [row.amount for row in rows] == [before[1], -before[1], Decimal("3.3")]
    assert [row.billed_seconds for row in rows] == [66, -66, 66]
    assert paid(called) == before | {1: Decimal("3.3")}
    assert [(level, row.cost, row.amount) for level, row in standing_of(called).items()] == [
        (level, cost, amount) for level, _payer, cost, amount in expected_charges(called)
    ]
    shop = world.balance("shop")
    difference = Decimal("3.3") - before[1]
    assert balances() == money | {shop.pk: money[shop.pk] - difference}
    entry = UsageEntry.objects.get(id__in=ReRatingEntry.objects.values("usage_entry_id"))
    assert (entry.amount, entry.calls, entry.billed_seconds) == (-difference, 0, 0)
    assert_sound()


def test_what_is_as_it_was_gets_no_charge(world: World, called: Call) -> None:
    job = preview(world.actor("operator"))
    assert (job.calls_read, job.calls_changed) == (2, 0)
    with pytest.raises(DomainError, match="No charge would change"):
        request_apply(actor=world.actor("operator"), job=job)
    assert Charge.objects.filter(revision__gt=0).count() == 0


def test_undo_puts_back_what_was_replaced(world: World, called: Call) -> None:
    actor, before, money = world.actor("sub_reseller"), figures(), balances()
    job = re_rate(actor, tariff=dearer(world))
    assert figures() != before
    job = undo(actor, job)
    assert job.state == ReRatingState.UNDONE
    assert (figures(), balances()) == (before, money)
    assert Charge.objects.filter(call_id=called.id, level=1).count() == 5
    assert_sound()
    request_undo(actor=actor, job=job)
    run_re_rating(re_rating_id=job.pk)
    assert Charge.objects.filter(call_id=called.id, level=1).count() == 5


def test_another_tariff_counts_where_its_owner_sells(world: World, called: Call) -> None:
    before = paid(called)
    re_rate(world.actor("reseller"), tariff=dearer(world, "reseller"))
    after = paid(called)
    assert after[2] == Decimal("0.135") * 66 / 60 / Decimal("1.5")  # USD to GBP
    assert {level for level in after if after[level] != before[level]} == {2}
    assert_sound()


def test_the_terms_of_another_moment(world: World, called: Call) -> None:
    street = Tariff.objects.get(name="Street")
    Rate.objects.filter(tariff=street, prefix="4420").update(valid_till=START + DAY)
    Rate.objects.create(
        tariff=street, prefix="4420", price_1=6, price_n=6, valid_from=START + DAY, destination="L"
    )
    Tariff.objects.filter(pk=street.pk).update(rates_revision=99)
    re_rate(world.actor("sub_reseller"), terms_at=START + 2 * DAY)
    assert paid(called)[1] == Decimal("6.1")  # by the second, as the new rate says
    assert_sound()


def test_a_sheet_rolled_back_leaves_the_rates_of_re_rated_calls(world: World, called: Call) -> None:
    street = Tariff.objects.get(name="Street")
    Rate.objects.filter(tariff=street, prefix="4420").update(valid_till=START + DAY)
    opened = Rate.objects.create(
        tariff=street, prefix="4420", price_1=6, price_n=6, valid_from=START + DAY
    )
    Tariff.objects.filter(pk=street.pk).update(rates_revision=99)
    sheet = RateImport.objects.create(tariff=street, file="x.csv", state="undoing")
    sheet.effects.create(rate_id=opened.pk, kind="opened")
    re_rate(world.actor("sub_reseller"), terms_at=START + 2 * DAY)
    assert standing_of(called)[1].rate_id == opened.pk
    assert roll_back_import(sheet.pk)
    assert Rate.objects.filter(pk=opened.pk, valid_till__lte=now()).exists()
    assert_sound()


def test_accounts_by_themselves_are_re_rated_by_whose_they_are(world: World) -> None:
    street = Tariff.objects.get(name="Street")
    calls = []
    for who in ("shop", "sub_reseller"):
        own = open_account(
            actor=world.actor(who),
            customer=getattr(world, who),
            auth_name=f"own-{who}",
            by_itself=AccountTariff(street),
            opened_at=OPENED,
        )
        calls.append(store_call(getattr(world, who), LONDON, 60, account=own))
    charge_pending()
    correct(street, "3")
    of_shop, of_seller = map(paid, calls)
    job = re_rate(world.actor("sub_reseller"))
    assert paid(calls[0]) == of_shop | {1: Decimal(3)}
    assert paid(calls[1]) == of_seller | {0: Decimal(3)}
    assert set(job.sums.values_list("level", "account__auth_name")) == {
        (0, "own-sub_reseller"),
        (1, None),
    }
    assert_sound()


def test_an_exchange_rate_put_right_counts(world: World, called: Call) -> None:
    ExchangeRate.objects.create(currency_id="EUR", valid_on=START.date(), rate=Decimal("2.5"))
    before = paid(called)
    re_rate(world.actor("operator"))
    assert paid(called) == before | {3: before[3] / 2}
    newest = standing_of(called)[3]
    assert (3, newest.cost, newest.amount) in [
        (level, cost, sum_) for level, _c, cost, sum_ in expected_charges(called)
    ]
    assert_sound()


def test_nobody_re_rates_what_it_pays_itself(world: World, called: Call) -> None:
    for name in ("Wholesale", "Retail", "Street"):
        correct(Tariff.objects.get(name=name), "8")
    before = paid(called)
    job = re_rate(world.actor("sub_reseller"))
    after = paid(called)
    assert {level for level in after if after[level] != before[level]} == {1}
    assert not job.sums.exclude(balance__issuer=world.sub_reseller).exists()
    re_rate(world.actor("reseller"))
    assert paid(called)[3] == before[3]
    assert paid(called)[2] != before[2]
    re_rate(world.actor("operator"))
    assert paid(called)[3] != before[3]
    assert_sound()


def test_a_customer_of_the_filter_means_all_calls_that_pass_it(world: World, called: Call) -> None:
    for name in ("Wholesale", "Retail", "Street"):
        correct(Tariff.objects.get(name=name), "8")
    before = paid(called)
    re_rate(world.actor("operator"), customer=world.sub_reseller)
    after = paid(called)
    assert {level for level in after if after[level] != before[level]} == {3}
    assert_sound()


def test_what_two_others_owe_each_other_stays(world: World, called: Call) -> None:
    correct(Tariff.objects.get(name="Street"), "8")
    for who in ("operator", "reseller"):
        with pytest.raises(DomainError, match="No charge would change"):
            re_rate(world.actor(who), customer=world.shop)
    assert re_rate(world.actor("sub_reseller")).calls_changed == 1


def test_the_filter_of_calls(world: World, called: Call) -> None:
    actor = world.actor("operator")
    assert preview(actor, called="33*").calls_read == 1
    assert preview(actor, called="4420*").calls_read == 1
    assert preview(actor, called="49*").calls_read == 0
    assert preview(actor, account=world.account).calls_read == 1
    assert preview(actor, since=START + DAY).calls_read == 1
    assert preview(actor, till=START).calls_read == 0
    assert preview(actor, customer=world.sub_customer).calls_read == 1
    retail = Tariff.objects.get(name="Retail")
    assert not preview(actor, assigned=retail).sums.exists()
    of_seller = preview(world.actor("reseller"), assigned=retail)
    assert {s.balance.issuer_id for s in of_seller.sums.all()} == {world.reseller.pk}


def test_what_cannot_be_rated_is_listed_and_left(world: World, called: Call) -> None:
    other = store_call(world.shop, PARIS, 60)
    charge_pending()
    before = paid(other)
    dear = dearer(world)
    Rate.objects.filter(tariff=dear, prefix="33").update(is_forbidden=True)
    Tariff.objects.filter(pk=dear.pk).update(rates_revision=99)
    job = preview(world.actor("sub_reseller"), tariff=dear)
    (problem,) = job.problems.all()
    assert (problem.call_id, problem.reason, problem.customer) == (
        other.id,
        "forbidden",
        world.shop,
    )
    assert (job.calls_changed, job.calls_failed) == (1, 1)
    apply(world.actor("sub_reseller"), job)
    assert paid(other) == before
    assert Charge.objects.filter(call_id=other.id, revision__gt=0).count() == 0
    assert_sound()


@pytest.mark.parametrize("change", ["terms", "charges", "calls"])
def test_applying_stops_where_it_is_not_what_was_shown(
    world: World, called: Call, change: str
) -> None:
    actor, street = world.actor("sub_reseller"), Tariff.objects.get(name="Street")
    store_call(world.shop, LONDON, 60, at=START + 3 * DAY)
    charge_pending()
    correct(street, "3")
    job = preview(actor)
    if change == "terms":
        correct(street, "4")
    elif change == "charges":
        re_rate(actor)
    else:
        correct(street, "0.045")
        store_call(world.shop, LONDON, 60, at=START + DAY)
        charge_pending()
        correct(street, "3.0")
        Tariff.objects.filter(pk=street.pk).update(rates_revision=7777)
    before = figures()
    job = apply(actor, job)
    assert job.state == ReRatingState.FAILED
    assert "changed since the preview" in job.failure
    assert figures() == before
    preview_again(actor=actor, job=job)
    run_re_rating(re_rating_id=job.pk)
    job.refresh_from_db()
    assert job.state == ReRatingState.PREVIEWED
    if job.calls_changed:
        assert apply(actor, job).state == ReRatingState.APPLIED
    assert_sound()
