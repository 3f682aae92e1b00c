"""Whatever is allowed for N seconds and charged as a CDR of N seconds overdraws nobody."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from billing.models import Balance, Charge
from billing.services.accounts import AccountTariff, open_account
from calls.models import Switch
from calls.services.authorizing import authorize_call
from calls.services.charging import charge_pending
from calls.services.rate_books import BOOKS
from tariffs.models import Rate, Tariff, TariffVersion
from tests.calls.stored import START, store_call
from tests.world import OPENED, World

pytestmark = pytest.mark.django_db
CAP = 4 * 3600
MILLIONTH = Decimal("0.000001")
rounding = st.sampled_from(["up", "half_up"])
interval = st.sampled_from([1, 6, 7, 30, 60])


def amounts(most: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(0, most, places=places)


@dataclass(frozen=True)
class Terms:
    """What a level pays by and from."""

    version: dict[str, Any]
    rate: dict[str, Any]
    balance: dict[str, Decimal]


terms = st.builds(
    Terms,
    version=st.fixed_dictionaries({
        "connect_fee": st.sampled_from([Decimal(0), Decimal("0.013")]),
        "free_seconds": st.sampled_from([0, 10]),
        "grace_period": st.sampled_from([0, 20, 100]),
        "post_call_surcharge": st.decimals("-0.02", "0.03", places=4),
        "duration_rounding": rounding,
        "cost_rounding": rounding,
        "decimals": st.integers(0, 6),
        "is_not_billed": st.sampled_from([False, False, False, True]),
    }),
    rate=st.fixed_dictionaries({
        "price_1": amounts(1, 8),
        "price_n": amounts(1, 8),
        "interval_1": interval,
        "interval_n": interval,
        "grace_enabled": st.booleans(),
    }),
    balance=st.fixed_dictionaries({
        "amount": st.decimals(-1, 3, places=6),
        "credit_limit": amounts(2, 2),
        "reserved": st.sampled_from([Decimal(0), Decimal("0.25")]),
    }),
)  # fmt: skip


@pytest.fixture
def callers(world: World) -> list[Account]:
    """One charged with its customer, three levels; one by itself, with the two above it."""
    Switch.objects.create(name="sw-1")
    owner = world.sub_reseller
    own = open_account(
        actor=world.actor("sub_reseller"),
        customer=owner,
        auth_name="own-1",
        by_itself=AccountTariff(Tariff.objects.get(owner=owner)),
        opened_at=OPENED,
    )
    return [world.account, own]


def put(world: World, levels: list[Terms]) -> None:
    """The first level for what is sold at Street, whoever pays by it; then Retail and Wholesale."""
    payers = [
        ("Street", Balance.objects.exclude(customer__in=[world.reseller, world.sub_reseller])),
        ("Retail", Balance.objects.filter(customer=world.sub_reseller, account=None)),
        ("Wholesale", Balance.objects.filter(customer=world.reseller)),
    ]
    for level, (name, balances) in zip(levels, payers, strict=True):
        TariffVersion.objects.filter(tariff__name=name).update(**level.version)
        Rate.objects.filter(tariff__name=name).update(**level.rate)
        balances.update(**level.balance)
    own = Balance.objects.filter(account__auth_name="own-1")
    own.update(**levels[0].balance)
    BOOKS.clear()


def left_after(seconds: int, account: Account) -> Decimal:
    """The least that a payer has available once the call was charged; nothing of it stays."""
    with transaction.atomic():
        call = store_call(account.customer, "442079460000", seconds, account=account)
        assert charge_pending().charged == 1
        payers = Charge.objects.filter(call_id=call.id).values("balance")
        least = min(balance.available for balance in Balance.objects.filter(pk__in=payers))
        transaction.set_rollback(True)
    return least


def test_what_is_allowed_can_be_paid_and_a_second_more_can_not(
    world: World, callers: list[Account]
):
    seen = {"allowed": 0, "denied": 0, "limited": 0}

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(levels=st.lists(terms, min_size=3, max_size=3), caller=st.integers(0, 1))
    def ask(levels: list[Terms], caller: int) -> None:
        account = callers[caller]
        with transaction.atomic():
            put(world, levels)
            decision = authorize_call(
                switch=Switch.objects.get(),
                called="+442079460000",
                auth_name=account.auth_name,
                setup_at=START,
            )
            seen["allowed" if decision.is_allowed else "denied"] += 1
            assert decision.is_allowed == (decision.max_seconds >= 1)
            if decision.is_allowed:
                assert left_after(decision.max_seconds, account) >= 0
            if 0 < decision.max_seconds < CAP:
                seen["limited"] += 1
                assert left_after(decision.max_seconds + 1, account) < MILLIONTH
            transaction.set_rollback(True)

    ask()
    assert all(seen.values()), seen
