"""What a person decides about dunning: suspend, lift, promise, undo; who may, and what follows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from billing.models import Balance, DunningStep, Invoice, Suspension
from billing.services.archive import archive_customer
from billing.services.dunning import run_dunning
from billing.services.dunning_actions import lift, promise, suspend, undo_step
from billing.services.suspensions import lift_if_paid
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tests.billing.dunned import invoice, kinds, letters, pay, ready
from tests.world import World

DAY = timedelta(days=1)


@pytest.fixture
def balance(world: World) -> Balance:
    return ready(world)


@pytest.fixture
def late(balance: Balance) -> Invoice:
    """An invoice that is long past its days of grace, today."""
    return invoice(balance, due=now().date() - 30 * DAY)


@pytest.fixture
def suspended(balance: Balance, late: Invoice) -> Suspension:
    run_dunning(moment=now())
    return Suspension.objects.get()


def at_noon(days: int) -> datetime:
    """Noon of a day after today, UTC."""
    return datetime.combine(now().date() + days * DAY, datetime.min.time(), UTC) + DAY / 2


def step_of(kind: str) -> DunningStep:
    return DunningStep.objects.filter(kind=kind).latest("pk")


def refused(function: Any, **values: Any) -> str:
    with pytest.raises(DomainError) as caught:
        function(**values)
    return caught.value.code


def test_a_promise_lets_calls_go_on_until_its_day(
    world: World, balance: Balance, suspended: Suspension
) -> None:
    actor, until = world.actor("sub_reseller"), now().date() + 5 * DAY
    promise(actor=actor, balance=balance, until=until, notes="By phone")
    assert Suspension.objects.stopping().count() == 0
    assert letters(world.shop)[-1] == "lifted"
    for days in range(6):
        run_dunning(moment=at_noon(days))
        assert Suspension.objects.stopping().count() == 0
    run_dunning(moment=at_noon(6))
    suspended.refresh_from_db()
    assert suspended.is_stopping
    assert suspended.since == at_noon(6)
    assert kinds(balance)[-3:] == ["suspended", "promised", "suspended"]
    assert letters(world.shop)[-2:] == ["lifted", "suspended"]
    assert step_of("promised").notes == "By phone"
    event = AuditEvent.objects.get(action="dunning_promised")
    assert event.changes == {"promised_until": ["", str(until)]}
    assert "By phone" not in str(event.changes)


def test_a_promise_that_is_kept_ends_quietly(
    world: World, balance: Balance, late: Invoice, suspended: Suspension
) -> None:
    promise(actor=world.actor("sub_reseller"), balance=balance, until=now().date() + 5 * DAY)
    pay(late)
    run_dunning(moment=at_noon(2))
    assert Suspension.objects.standing().count() == 0
    assert letters(world.shop)[-2:] == ["suspended", "lifted"]
    assert kinds(balance)[-2:] == ["promised", "lifted"]


def test_a_promise_before_the_grace_days_are_over_puts_off_what_comes(
    world: World, balance: Balance
) -> None:
    invoice(balance, due=now().date() - 2 * DAY)
    run_dunning(moment=now())
    promise(actor=world.actor("sub_reseller"), balance=balance, until=now().date() + 20 * DAY)
    for days in range(21):
        run_dunning(moment=at_noon(days))
    assert "suspended" not in kinds(balance)
    run_dunning(moment=at_noon(21))
    assert kinds(balance)[-1] == "suspended"


def test_a_short_promise_leaves_the_days_of_grace(world: World, balance: Balance) -> None:
    invoice(balance, due=now().date() - DAY)
    run_dunning(moment=now())
    promise(actor=world.actor("sub_reseller"), balance=balance, until=now().date() + DAY)
    before = letters(world.shop)
    run_dunning(moment=at_noon(2))
    assert Suspension.objects.standing().count() == 0
    assert letters(world.shop) == before
    for days in range(3, 8):
        run_dunning(moment=at_noon(days))
    assert Suspension.objects.stopping().count() == 1


def test_what_is_lifted_by_hand_is_suspended_for_new_invoices_only(
    world: World, balance: Balance, late: Invoice, suspended: Suspension
) -> None:
    lift(actor=world.actor("sub_reseller"), balance=balance, notes="A friend")
    suspended.refresh_from_db()
    assert suspended.lifted_by == world.user("sub_reseller")
    for days in range(5):
        run_dunning(moment=at_noon(days))
    assert kinds(balance)[-2:] == ["excused", "lifted"]
    invoice(balance, due=now().date() - 10 * DAY)
    run_dunning(moment=at_noon(5))
    assert kinds(balance)[-1] == "suspended"
    pay(Invoice.objects.latest("pk"))
    assert lift_if_paid(balance=balance)


def test_a_person_says_so_and_an_excused_invoice_counts_again(
    world: World, balance: Balance, suspended: Suspension
) -> None:
    actor = world.actor("sub_reseller")
    lift(actor=actor, balance=balance)
    undo_step(actor=actor, step=step_of("excused"))
    run_dunning(moment=at_noon(1))
    assert kinds(balance)[-1] == "suspended"
    lift(actor=actor, balance=balance)
    suspend(actor=actor, balance=balance, reason="Enough")
    standing = Suspension.objects.standing().get()
    assert (standing.is_stopping, standing.until_paid, standing.reason) == (True, True, "Enough")
    assert not DunningStep.objects.in_force().filter(kind="excused").exists()


def test_suspended_by_hand_without_a_debt_stays_until_a_person_lifts(
    world: World, balance: Balance
) -> None:
    actor = world.actor("sub_reseller")
    suspend(actor=actor, balance=balance, reason="Fraud")
    for days in range(3):
        run_dunning(moment=at_noon(days))
    assert not lift_if_paid(balance=balance)
    assert Suspension.objects.stopping().count() == 1
    lift(actor=actor, balance=balance)
    assert Suspension.objects.standing().count() == 0
    assert letters(world.shop) == ["suspended", "lifted"]


def test_an_undone_suspension_is_lifted_and_comes_not_again(
    world: World, balance: Balance, suspended: Suspension
) -> None:
    actor = world.actor("sub_reseller")
    undo_step(actor=actor, step=step_of("suspended"))
    assert Suspension.objects.standing().count() == 0
    for days in range(1, 4):
        run_dunning(moment=at_noon(days))
    assert Suspension.objects.standing().count() == 0
    undone = step_of("suspended")
    assert undone.undone_by == world.user("sub_reseller")
    assert refused(undo_step, actor=actor, step=undone) == "undone"


def test_an_undone_lift_stops_calls_again(
    world: World, balance: Balance, suspended: Suspension
) -> None:
    actor = world.actor("sub_reseller")
    lift(actor=actor, balance=balance)
    undo_step(actor=actor, step=step_of("lifted"))
    assert Suspension.objects.stopping().count() == 1


def test_an_undone_promise_ends_at_once(
    world: World, balance: Balance, suspended: Suspension
) -> None:
    actor = world.actor("sub_reseller")
    promise(actor=actor, balance=balance, until=now().date() + 5 * DAY)
    assert refused(undo_step, actor=actor, step=step_of("suspended")) == "over"
    undo_step(actor=actor, step=step_of("promised"))
    assert Suspension.objects.stopping().count() == 1


def test_what_a_payment_lifted_cannot_be_undone(
    world: World, balance: Balance, late: Invoice, suspended: Suspension
) -> None:
    pay(late)
    run_dunning(moment=now())
    actor = world.actor("sub_reseller")
    assert refused(undo_step, actor=actor, step=step_of("lifted")) == "over"


def test_an_undone_mark_keeps_the_invoice_out_of_dunning_until_it_is_redone(
    world: World, balance: Balance
) -> None:
    actor = world.actor("sub_reseller")
    invoice(balance, due=now().date() - DAY)
    run_dunning(moment=now())
    undo_step(actor=actor, step=step_of("overdue"))
    for days in range(1, 10):
        run_dunning(moment=at_noon(days))
    assert kinds(balance) == ["overdue", "reminder_after1"]
    undo_step(actor=actor, step=step_of("overdue"))
    run_dunning(moment=at_noon(10))
    assert kinds(balance)[-1] == "suspended"
    assert AuditEvent.objects.filter(action="dunning_redone").count() == 1


def test_an_undone_reminder_is_not_sent_again(world: World, balance: Balance) -> None:
    invoice(balance, due=now().date() + 2 * DAY)
    run_dunning(moment=now())
    undo_step(actor=world.actor("sub_reseller"), step=step_of("reminder_before"))
    run_dunning(moment=at_noon(1))
    assert letters(world.shop) == ["invoice_due"]


@pytest.mark.parametrize("who", ["operator", "reseller", "other_reseller", "shop"])
def test_only_who_bills_it_decides(
    world: World, balance: Balance, suspended: Suspension, who: str
) -> None:
    actor = world.actor(who)
    calls: list[tuple[Any, dict[str, Any]]] = [
        (suspend, {"balance": balance, "reason": "x"}),
        (lift, {"balance": balance}),
        (promise, {"balance": balance, "until": now().date()}),
        (undo_step, {"step": step_of("overdue")}),
    ]
    for service, values in calls:
        with pytest.raises(PermissionDenied):
            service(actor=actor, **values)
    assert Suspension.objects.stopping().count() == 1


def test_who_may_not_move_money_decides_nothing(world: World, balance: Balance) -> None:
    actor = world.actor("sub_reseller")
    actor = type(actor)(actor.user, actor.customer, actor.rights - {"money.manage"})
    with pytest.raises(PermissionDenied):
        suspend(actor=actor, balance=balance, reason="x")


def test_what_is_refused(world: World, balance: Balance) -> None:
    actor, today = world.actor("sub_reseller"), now().date()
    assert refused(suspend, actor=actor, balance=balance, reason=" ") == "reason"
    assert refused(lift, actor=actor, balance=balance) == "not_suspended"
    assert refused(promise, actor=actor, balance=balance, until=today + DAY) == "nothing_due"
    assert refused(promise, actor=actor, balance=balance, until=today - DAY) == "until"
    assert refused(promise, actor=actor, balance=balance, until=today + 366 * DAY) == "until"
    suspend(actor=actor, balance=balance, reason="x")
    assert refused(suspend, actor=actor, balance=balance, reason="x") == "suspended"
    archive_customer(actor=actor, customer=world.shop, surplus="pay_out", reason="Gone")
    assert refused(suspend, actor=actor, balance=balance, reason="x") == "archived"
