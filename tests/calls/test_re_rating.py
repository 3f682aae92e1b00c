"""Charged calls are priced anew: preview, applying in batches, undo, and what is never touched."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from billing.models import BillingPeriod, Charge, UsageEntry
from billing.services.accounts import AccountTariff, open_account
from calls.choices import ReRatingState
from calls.models import Call, ReRating, ReRatingEntry, TrafficDelta
from calls.services.charging import charge_pending
from calls.services.rate_imports import roll_back_import
from calls.services.re_rating.deciding import (
    discard,
    preview_again,
    request_apply,
    request_undo,
)
from calls.services.re_rating.running import resume_re_ratings, run_re_rating
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tariffs.models import ExchangeRate, Rate, RateImport, Tariff
from tariffs.selectors import is_in_use
from tests.calls.re_rated import (
    DAY,
    apply,
    assert_sound,
    balances,
    figures,
    paid,
    preview,
    re_rate,
    standing_of,
    undo,
)
from tests.calls.stored import START, expected_charges, store_call
from tests.world import OPENED, World, tariff_with_rates

LONDON = "442071234567"
PARIS = "33199990000"


@pytest.fixture
def called(world: World) -> Call:
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


def test_accounts_by_themselves_are_re_rated_with_their_seller(world: World) -> None:
    street = Tariff.objects.get(name="Street")
    own = open_account(
        actor=world.actor("shop"),
        customer=world.shop,
        auth_name="own",
        by_itself=AccountTariff(street),
        opened_at=OPENED,
    )
    call = store_call(world.shop, LONDON, 60, account=own)
    charge_pending()
    correct(street, "3")
    before = paid(call)
    job = re_rate(world.actor("sub_reseller"), account=own)
    assert paid(call) == before | {0: Decimal(3), 1: Decimal(3)}
    assert set(job.sums.values_list("level", "account")) == {(0, own.pk), (1, None)}
    assert_sound()


def test_an_exchange_rate_put_right_counts(world: World, called: Call) -> None:
    ExchangeRate.objects.create(currency_id="EUR", valid_on=START.date(), rate=Decimal("2.5"))
    before = paid(called)
    re_rate(world.actor("operator"))
    assert paid(called)[3] == before[3] / 2
    levels = [(c.level, c.cost, c.amount) for c in standing_of(called).values()]
    assert levels == [(level, cost, sum_) for level, _c, cost, sum_ in expected_charges(called)]
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


def test_a_customer_of_the_filter_means_it_and_all_below(world: World, called: Call) -> None:
    for name in ("Wholesale", "Retail", "Street"):
        correct(Tariff.objects.get(name=name), "8")
    before = paid(called)
    re_rate(world.actor("operator"), customer=world.sub_reseller)
    after = paid(called)
    assert {level for level in after if after[level] != before[level]} == {1, 2}
    assert_sound()


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
    assert {s.balance.issuer_id for s in preview(actor, assigned=retail).sums.all()} == {
        world.reseller.pk
    }


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


def test_a_second_re_rating_reverses_the_newest_charge(world: World, called: Call) -> None:
    actor = world.actor("sub_reseller")
    first = re_rate(actor, tariff=dearer(world))
    dear = paid(called)[1]
    correct(Tariff.objects.get(name="Street"), "3")
    second = re_rate(actor)
    rows = list(Charge.objects.filter(call_id=called.id, level=1).order_by("revision"))
    assert [row.revision for row in rows] == [0, 1, 2, 3, 4]
    assert [row.amount for row in rows[2:]] == [dear, -dear, Decimal("3.3")]
    assert_sound()
    with pytest.raises(DomainError, match=f"undo #{second.pk} first"):
        request_undo(actor=actor, job=first)
    undo(actor, second)
    assert paid(called)[1] == dear
    undo(actor, first)
    assert paid(called)[1] == rows[0].amount
    assert_sound()


def test_a_later_re_rating_from_above_is_not_named(world: World, called: Call) -> None:
    first = re_rate(world.actor("sub_reseller"), tariff=dearer(world))
    correct(Tariff.objects.get(name="Street"), "3")
    re_rate(world.actor("operator"), customer=world.shop)
    with pytest.raises(DomainError, match="Not available from your provider"):
        request_undo(actor=world.actor("sub_reseller"), job=first)


def test_an_undo_stops_where_another_came_between(world: World, called: Call) -> None:
    actor = world.actor("sub_reseller")
    first = re_rate(actor, tariff=dearer(world))
    request_undo(actor=actor, job=first)
    correct(Tariff.objects.get(name="Street"), "3")
    second = re_rate(actor)
    before = figures()
    run_re_rating(re_rating_id=first.pk)
    first.refresh_from_db()
    assert (first.state, first.batches_undone) == (ReRatingState.FAILED, 0)
    assert "Another re-rating" in first.failure
    assert figures() == before
    undo(actor, second)
    assert undo(actor, first).state == ReRatingState.UNDONE
    assert_sound()


def test_closed_periods_are_refused_or_posted_to_the_open_one(world: World, called: Call) -> None:
    actor, shop = world.actor("sub_reseller"), world.balance("shop")
    period = BillingPeriod.objects.get(usage_entries__balance=shop)
    BillingPeriod.objects.filter(pk=period.pk).update(closed_at=period.ends_at)
    correct(Tariff.objects.get(name="Street"), "3")
    job = preview(actor)
    assert job.calls_closed == job.sums.get().closed == 1
    with pytest.raises(DomainError, match="closed periods"):
        request_apply(actor=actor, job=job)
    apply(actor, job, posts_to_open=True)
    entry = UsageEntry.objects.get(id__in=ReRatingEntry.objects.values("usage_entry_id"))
    assert entry.period_id != period.pk
    assert entry.period.closed_at is None
    assert_sound()
    with pytest.raises(DomainError, match="closed periods"):
        request_undo(actor=actor, job=job)
    undo(actor, job, posts_to_open=True)
    assert_sound()


def test_a_period_that_is_closed_since_the_preview_stops_it(world: World, called: Call) -> None:
    actor = world.actor("sub_reseller")
    correct(Tariff.objects.get(name="Street"), "3")
    job = preview(actor)
    BillingPeriod.objects.filter(balance=world.balance("shop")).update(closed_at=now())
    assert apply(actor, job).state == ReRatingState.FAILED
    assert Charge.objects.filter(revision__gt=0).count() == 0


def test_only_who_made_it_decides(world: World, called: Call) -> None:
    correct(Tariff.objects.get(name="Street"), "3")
    job = preview(world.actor("sub_reseller"))
    for who in ("operator", "reseller", "shop", "other_reseller"):
        for decide in (request_apply, request_undo, discard, preview_again):
            with pytest.raises(PermissionDenied):
                decide(actor=world.actor(who), job=job)
    for who in ("shop", "sub_customer"):
        with pytest.raises(PermissionDenied):
            preview(world.actor(who))
    for field, row in (("customer", world.sub_reseller), ("tariff", Tariff.objects.first())):
        with pytest.raises(DomainError, match="Nothing here") as refused:
            preview(world.actor("other_reseller"), **{field: row})
        assert refused.value.field == field


def test_what_is_asked_is_checked(world: World) -> None:
    actor = world.actor("sub_reseller")
    with pytest.raises(DomainError, match="in the past"):
        preview(actor, since=now() + DAY, till=now() + 2 * DAY)
    with pytest.raises(DomainError, match="may change"):
        preview(actor, terms_at=now() + DAY)


def test_a_double_click_posts_once(world: World, called: Call) -> None:
    actor = world.actor("sub_reseller")
    correct(Tariff.objects.get(name="Street"), "3")
    job = apply(actor, preview(actor))
    money = balances()
    request_apply(actor=actor, job=job)
    run_re_rating(re_rating_id=job.pk)
    assert balances() == money


def test_discarding_ends_it(world: World, called: Call) -> None:
    actor = world.actor("sub_reseller")
    correct(Tariff.objects.get(name="Street"), "3")
    job = preview(actor)
    discard(actor=actor, job=job)
    discard(actor=actor, job=job)
    assert ReRating.objects.get().state == ReRatingState.DISCARDED
    with pytest.raises(DomainError, match="no preview"):
        request_apply(actor=actor, job=job)
    with pytest.raises(DomainError, match="cannot be previewed"):
        preview_again(actor=actor, job=job)
    other = apply(actor, preview(actor))
    with pytest.raises(DomainError, match="undo it instead"):
        discard(actor=actor, job=other)


def test_every_decision_is_in_the_audit_log(world: World, called: Call) -> None:
    actor = world.actor("sub_reseller")
    correct(Tariff.objects.get(name="Street"), "3")
    undo(actor, re_rate(actor))
    actions = AuditEvent.objects.filter(action__startswith="re_rating").order_by("pk")
    assert [(e.action, e.customer_id) for e in actions] == [
        (f"re_rating_{what}", world.sub_reseller.pk) for what in ("started", "applied", "undone")
    ]


def test_what_stands_still_is_queued_again(world: World, called: Call) -> None:
    job = preview(world.actor("sub_reseller"))
    assert resume_re_ratings() == []
    ReRating.objects.filter(pk=job.pk).update(state=ReRatingState.APPLYING, updated_at=now() - DAY)
    assert resume_re_ratings() == [job.pk]


def test_the_differences_count_at_the_destination_of_the_call(world: World, called: Call) -> None:
    correct(Tariff.objects.get(name="Street"), "3")
    first = set(TrafficDelta.objects.filter(level=1, answered__gt=0).values_list("destination_id"))
    re_rate(world.actor("sub_reseller"), called="4420*")
    changed = TrafficDelta.objects.filter(attempts=0, level=1)
    assert set(changed.values_list("destination_id")) < first
    assert [row.amount for row in changed] == [paid(called)[1] - Decimal("0.0495")]


def test_a_tariff_that_calls_were_re_rated_by_has_a_past(world: World, called: Call) -> None:
    dear = dearer(world)
    assert not is_in_use(dear)
    preview(world.actor("sub_reseller"), tariff=dear)
    assert is_in_use(dear)
