"""Re-ratings after each other, closed periods, undo, and who may decide what when."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from billing.models import BillingPeriod, Charge, UsageEntry
from calls.choices import ReRatingState
from calls.models import Call, ReRating, ReRatingEntry, TrafficDelta
from calls.services.charging import charge_pending
from calls.services.re_rating import applying
from calls.services.re_rating.deciding import (
    discard,
    preview_again,
    request_apply,
    request_undo,
)
from calls.services.re_rating.running import resume_re_ratings, run_re_rating
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tariffs.selectors import is_in_use
from tests.calls.re_rated import (
    DAY,
    LONDON,
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
    undo,
)
from tests.calls.stored import START, store_call
from tests.world import World


@pytest.fixture
def called(world: World) -> Call:
    return charged_calls(world)


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


def test_an_undo_takes_back_what_it_made_however_many_calls_have_come_since(
    world: World, called: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor, before = world.actor("sub_reseller"), figures()
    monkeypatch.setattr(applying, "MOST_CALLS", 2)
    first = re_rate(actor, tariff=dearer(world))
    for second in range(4):
        store_call(world.shop, LONDON, 10, at=START + timedelta(seconds=-second))
    charge_pending()
    assert undo(actor, first).state == ReRatingState.UNDONE
    assert {key: facts for key, facts in figures().items() if key in before} == before
    assert_sound()
