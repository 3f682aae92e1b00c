"""Moving a customer: who may, what is settled, what each party sees before and after it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from billing.models import Balance, BillingPeriod, LedgerEntry, UsageEntry
from billing.services import verify
from billing.services.accounts import AccountTariff, open_account
from billing.services.archive import archive_customer
from billing.services.maintenance import bring_to_zero, maintain
from billing.services.move import NewTerms, move_customer
from calls.services import verify as verify_calls
from calls.services.charging import charge_pending
from customers.models import AuditEvent, Customer, CustomerOwnership
from customers.permissions import DELEGATED
from customers.selectors import effective_rights
from customers.selectors.moves import lost_rights
from customers.services.permissions import set_rights
from customers.services.tree import broken_nodes
from softswitch.core.errors import DomainError
from tariffs.models import Tariff, TariffAssignment
from tests.calls.stored import amounts_of, charges_of, store_call
from tests.world import World, actor_of, tariff_with_rates

NUMBER = "442071234567"


@pytest.fixture
def beside(world: World) -> Tariff:
    """A tariff of the other reseller's in dollars, five times the wholesale prices."""
    return tariff_with_rates(world.other_reseller, "Beside", "USD", factor="5")


def move(world: World, tariff: Tariff, **changes: Any) -> Customer:
    """The sub-reseller, with the shop below it, moves from the reseller to the other one."""
    terms = replace(NewTerms(tariff), **changes.pop("terms", {}))
    values: dict[str, Any] = {
        "actor": world.actor("operator"),
        "customer": world.sub_reseller,
        "owner": world.other_reseller,
        "terms": terms,
        "surplus": "pay_out",
        "reason": "Sold on",
    }
    return move_customer(**values | changes)


def test_a_move_changes_everything_at_one_instant(world: World, beside: Tariff) -> None:
    store_call(world.shop, NUMBER)
    charge_pending()
    moved = move(world, beside, terms={"credit_limit": Decimal(5), "mode": "postpaid"})
    old, new = Balance.objects.filter(customer=moved, account=None).order_by("pk")
    at = old.closed_at
    assert (moved.owner, old.issuer, new.issuer) == (
        world.other_reseller,
        world.reseller,
        world.other_reseller,
    )
    assert at == new.opened_at
    assert (old.amount, new.amount) == (Decimal(0), Decimal(0))
    assert new.closed_at is None
    assert (new.currency_id, new.mode, new.credit_limit) == ("GBP", "postpaid", Decimal(5))
    closed = BillingPeriod.objects.filter(balance=old, closed_at__isnull=False)
    assert closed.latest("starts_at").ends_at == at
    spans = CustomerOwnership.objects.filter(customer=moved).order_by("valid_from")
    assert [(s.owner, s.valid_till) for s in spans] == [
        (world.reseller, at),
        (world.other_reseller, None),
    ]
    assigned = TariffAssignment.objects.filter(customer=moved).order_by("valid_from")
    assert [a.valid_till for a in assigned] == [at, None]
    assert broken_nodes() == []
    assert [*verify.differences(), *verify_calls.differences()] == []


def test_a_debt_is_written_off_by_the_old_owner_and_money_paid_out(
    world: World, beside: Tariff
) -> None:
    store_call(world.shop, NUMBER)
    charge_pending()
    assert world.balance("sub_reseller").amount == Decimal("-0.025")
    move(world, beside)
    settled = LedgerEntry.objects.get(customer=world.sub_reseller, notes="Sold on")
    assert (settled.kind, settled.amount, settled.issuer) == (
        "write_off",
        Decimal("0.03"),  # as it was invoiced
        world.reseller,
    )
    assert Balance.objects.get(pk=settled.balance_id).closed_at is not None
    funds: dict[str, Any] = {
        "action": "add_funds",
        "amount": Decimal(9),
        "currency": "GBP",
        "key": "k",
    }
    maintain(actor=world.actor("other_reseller"), balance=world.balance("sub_reseller"), **funds)
    own = Tariff.objects.get(owner=world.root)
    move(world, own, owner=world.root, customer=fresh(world.sub_reseller), surplus="forfeit")
    last = LedgerEntry.objects.filter(customer=world.sub_reseller).latest("pk")
    assert (last.kind, last.amount, last.issuer) == ("forfeit", Decimal(-9), world.other_reseller)


def fresh(customer: Customer) -> Customer:
    found: Customer = Customer.objects.get(pk=customer.pk)
    return found


def test_a_late_call_is_charged_along_the_old_chain(world: World, beside: Tariff) -> None:
    before = store_call(world.shop, NUMBER)
    move(world, beside)
    charge_pending()
    assert [(c.customer, c.issuer) for c in charges_of(before)] == [
        (world.shop, world.sub_reseller),
        (world.sub_reseller, world.reseller),
        (world.reseller, world.root),
    ]
    late = charges_of(before)[1]
    assert late.balance.closed_at is not None
    assert late.balance.amount == -late.amount
    period = UsageEntry.objects.get(id=late.usage_entry_id).period
    assert period.starts_at == late.balance.closed_at  # the last one is closed and billed
    assert [*verify.differences(), *verify_calls.differences()] == []


def test_calls_after_the_move_go_up_the_new_chain(world: World, beside: Tariff) -> None:
    move(world, beside)
    after = store_call(world.shop, NUMBER, at=datetime.now(UTC))
    charge_pending()
    assert [(c.customer, c.issuer) for c in charges_of(after)] == [
        (world.shop, world.sub_reseller),
        (world.sub_reseller, world.other_reseller),
        (world.other_reseller, world.root),
    ]
    assert amounts_of(after)[1] == Decimal("0.05")  # 0.075 USD in GBP
    assert [*verify.differences(), *verify_calls.differences()] == []


def test_a_call_that_ends_after_the_move_goes_where_a_late_call_goes(
    world: World, beside: Tariff
) -> None:
    """The last period with the old owner is closed and billed by then."""
    moved = move(world, beside)
    old = Balance.objects.get(customer=moved, closed_at__isnull=False)
    assert old.closed_at is not None
    across = store_call(world.shop, NUMBER, at=old.closed_at - timedelta(seconds=10))
    charge_pending()
    usage = UsageEntry.objects.get(id=charges_of(across)[1].usage_entry_id)
    assert usage.period.starts_at == old.closed_at
    assert usage.balance_id == old.pk
    assert [*verify.differences()] == []


def test_rights_shrink_to_what_the_new_owner_holds(world: World, beside: Tariff) -> None:
    actor, other = world.actor("operator"), world.other_reseller
    held = effective_rights(other) & DELEGATED
    set_rights(actor=actor, customer=other, rights=held - {"reports.view", "trunks.add"})
    lost = lost_rights(world.sub_reseller, fresh(other))
    assert lost == {"reports.view", "trunks.add"}
    before = effective_rights(world.sub_reseller)
    moved = move(world, beside)
    assert effective_rights(moved) == before - lost
    set_rights(actor=actor, customer=other, rights=held)
    assert effective_rights(moved) == before


def test_only_who_stands_above_both_may_move(world: World, beside: Tariff) -> None:
    for who in ("reseller", "other_reseller", "sub_reseller", "shop"):
        with pytest.raises((PermissionDenied, DomainError)) as caught:
            move(world, beside, actor=world.actor(who))
        code = getattr(caught.value, "code", "")
        assert code in ("", "owner")  # the reseller is above one of them alone
    assert fresh(world.sub_reseller).owner == world.reseller


def test_a_reseller_moves_within_its_own_subtree(world: World) -> None:
    actor = world.actor("reseller")
    retail = Tariff.objects.get(owner=world.reseller)
    moved = move(world, retail, actor=actor, customer=world.shop, owner=world.reseller)
    assert moved.owner == world.reseller
    street = Tariff.objects.get(owner=world.sub_reseller)
    moved = move(world, street, actor=actor, customer=moved, owner=world.sub_reseller)
    assert moved.owner == world.sub_reseller
    assert Balance.objects.filter(customer=world.shop, account=None).count() == 3


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"surplus": "keep"}, "surplus", "surplus"),
        ({"reason": "  "}, "reason", "reason"),
        ({"owner": "shop"}, "owner", "owner"),
        ({"owner": "sub_customer"}, "owner", "owner"),
        ({"owner": "reseller"}, "same_owner", "owner"),
        ({"owner": "sub_reseller", "customer": "reseller"}, "tariff", "tariff"),
        ({"owner": "root"}, "tariff", "tariff"),
        ({"terms": {"currency": "BHD"}}, "currency", "currency"),
        ({"terms": {"mode": "barter"}}, "mode", "mode"),
        ({"terms": {"credit_limit": Decimal(-1)}}, "credit_limit", "credit_limit"),
    ],
)
def test_what_is_refused_changes_nothing(
    world: World, beside: Tariff, changes: dict[str, Any], code: str, field: str
) -> None:
    named = {k: getattr(world, v) for k, v in changes.items() if k in ("owner", "customer")}
    with pytest.raises(DomainError) as caught:
        move(world, beside, **changes | named)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert fresh(world.sub_reseller).owner == world.reseller
    assert not Balance.objects.closed().exists()


def test_nobody_moves_below_itself_or_too_deep(world: World, beside: Tariff) -> None:
    own = Tariff.objects.get(owner=world.sub_reseller)
    with pytest.raises(DomainError) as caught:
        move(world, own, customer=world.reseller, owner=world.sub_reseller)
    assert caught.value.code == "into_own_subtree"
    Customer.objects.filter(pk=world.other_reseller.pk).update(max_depth=1)
    with pytest.raises(DomainError) as caught:
        move(world, beside)
    assert caught.value.code == "too_deep"


@pytest.mark.parametrize("at", ["shop", "sub_reseller"])
def test_live_calls_anywhere_below_refuse_with_their_count(
    world: World, beside: Tariff, at: str
) -> None:
    Balance.objects.filter(pk=world.balance(at).pk).update(reserved=1)
    with pytest.raises(DomainError, match=r"money of 1 balance\.") as caught:
        move(world, beside)
    assert caught.value.code == "live_calls"
    assert fresh(world.sub_reseller).owner == world.reseller


def test_a_balance_that_was_closed_takes_no_maintenance(world: World, beside: Tariff) -> None:
    pair = world.balance("sub_reseller")
    move(world, beside)
    with pytest.raises(DomainError) as caught:
        maintain(
            actor=world.actor("reseller"),
            balance=pair,
            action="credit",
            amount=Decimal(1),
            currency="GBP",
            key="late",
        )
    assert caught.value.code == "closed"
    with pytest.raises(DomainError) as caught:
        bring_to_zero(actor=world.actor("reseller"), balance=pair, kind="reset", reason="x")
    assert caught.value.code == "closed"
    assert not LedgerEntry.objects.filter(idempotency_key="late").exists()


def test_archiving_leaves_what_an_earlier_owner_is_owed(world: World, beside: Tariff) -> None:
    store_call(world.shop, NUMBER)
    move(world, beside, customer=world.shop)
    charge_pending()
    owed = Balance.objects.get(customer=world.shop, issuer=world.sub_reseller)
    assert owed.amount < 0
    archive_customer(
        actor=world.actor("other_reseller"),
        customer=fresh(world.shop),
        surplus="pay_out",
        reason="x",
    )
    assert Balance.objects.get(pk=owed.pk).amount == owed.amount
    assert "customer_archived" in AuditEvent.objects.visible_to(
        world.actor("other_reseller")
    ).filter(customer=world.shop).values_list("action", flat=True)
    assert actor_of(world.reseller).can("customers.view")


def test_accounts_at_the_old_owners_tariff_go_by_the_new_one(world: World, beside: Tariff) -> None:
    """A customer without tariffs of its own charges its accounts at the one that it pays by."""
    retail = TariffAssignment.objects.get(customer=world.sub_customer).tariff
    actor, firm = world.actor("sub_customer"), world.sub_customer
    paying = open_account(
        actor=actor, customer=firm, auth_name="desk", by_itself=AccountTariff(retail)
    )
    plain = open_account(actor=actor, customer=firm, auth_name="hall")
    before = store_call(firm, NUMBER, at=paying.opened_at, account=paying)
    moved = move(world, beside, customer=firm)
    after = store_call(moved, NUMBER, at=datetime.now(UTC), account=paying)
    assert charge_pending().charged == 2
    versions = [charges_of(call)[0].tariff_version for call in (before, after)]
    assert [version and version.tariff for version in versions] == [retail, beside]
    assert [terms.valid_till for terms in plain.terms.all()] == [None]
    assert [*verify.differences(), *verify_calls.differences()] == []
