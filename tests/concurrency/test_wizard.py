"""Submit pressed at the same moment in several tabs opens one customer."""

from decimal import Decimal
from functools import partial

import pytest

from billing.models import Balance, LedgerEntry
from billing.services.customers import Login, Terms, open_from_draft
from customers.models import Customer, CustomerDraft, User
from customers.services.drafts import save_step
from tariffs.models import Tariff
from tests.concurrency.threads import at_once
from tests.world import PASSWORD, build_world


@pytest.mark.django_db(transaction=True)
def test_submit_at_once_opens_one_customer() -> None:
    world = build_world()
    actor = world.actor("reseller")
    save_step(actor=actor, key="pressed-twice", step="basic", values={"name": ["Calder Voice"]})
    terms = Terms(tariff=Tariff.objects.get(name="Retail"), opening_balance=Decimal(5))
    press = partial(
        open_from_draft,
        actor=actor,
        key="pressed-twice",
        name="Calder Voice",
        kind="business",
        terms=terms,
        login=Login("calder", PASSWORD),
    )
    opened = at_once(*[press] * 4)
    made = Customer.objects.get(name="Calder Voice")
    assert {customer.pk for customer in opened} == {made.pk}
    assert User.objects.filter(customer=made).count() == 1
    assert Balance.objects.get(customer=made).amount == 5
    assert LedgerEntry.objects.filter(customer=made).count() == 1
    assert CustomerDraft.objects.get().answers["customer"] == made.pk


@pytest.mark.django_db(transaction=True)
def test_two_tabs_start_one_draft() -> None:
    world = build_world()
    actor = world.actor("reseller")
    at_once(
        partial(save_step, actor=actor, key="k", step="basic", values={"name": ["A"]}),
        partial(save_step, actor=actor, key="k", step="company", values={"tax_id": ["B"]}),
    )
    assert CustomerDraft.objects.get().answers["steps"].keys() == {"basic", "company"}
