"""Trunks that a low balance has disabled: the customer goes not round them, its owner decides."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Host, Trunk
from accounts.services.hosts import NewHost, add_host, edit_host
from accounts.services.trunks import create_trunk, edit_trunk, set_status
from billing.models import Balance
from billing.services.alerts import run_alerts
from customers.models import AuditEvent
from softswitch.core.errors import DomainError
from tests.api import Api
from tests.billing.alerted import LOW, fund, rule, tell_at, trunk
from tests.billing.browsing import browser
from tests.billing.test_alerts import DAY, NIGHT
from tests.world import World


@pytest.fixture
def balance(world: World) -> Balance:
    """The shop's, low, with trunks disabled at the first look."""
    rule(world.shop, **LOW, disable_trunks_after_days=0)
    found = world.balance("shop")
    fund(found, 99)
    return found


def fresh(row: Trunk) -> Trunk:
    """The trunk as it stands now."""
    found: Trunk = Trunk.objects.select_related("customer").get(pk=row.pk)
    return found


def refused(service: Any, **values: Any) -> str:
    """The code of the refusal."""
    with pytest.raises(DomainError) as error:
        service(**values)
    return error.value.code


def test_a_spare_trunk_takes_no_calls_instead(world: World, balance: Balance) -> None:
    shop, owner = world.actor("shop"), world.actor("sub_reseller")
    create_trunk(actor=shop, customer=world.shop, name="One", hosts=[NewHost("192.0.2.1")])
    spare = create_trunk(
        actor=shop, customer=world.shop, name="Spare", hosts=[NewHost("192.0.2.2")]
    )
    set_status(actor=shop, trunk=spare, status="inactive")
    run_alerts(moment=NIGHT)
    host = Host.objects.select_related("trunk__customer").get(trunk=spare)
    assert refused(set_status, actor=shop, trunk=spare, status="active") == "low_balance"
    more = NewHost("192.0.2.9")
    assert refused(add_host, actor=shop, trunk=spare, host=more) == "low_balance"
    moved: dict[str, Any] = {"network": "192.0.2.7"}
    assert refused(edit_host, actor=shop, host=host, values=moved) == "low_balance"
    edit_host(actor=shop, host=host, values={"call_limit": 3, "status": "inactive"})
    again = {"status": "active"}
    assert refused(edit_host, actor=shop, host=host, values=again) == "low_balance"
    assert fresh(spare).status == "inactive"
    edit_host(actor=owner, host=host, values=moved | again)
    set_status(actor=owner, trunk=fresh(spare), status="active")
    assert fresh(spare).status == "active"
    fund(balance, 500)
    run_alerts(moment=NIGHT + DAY)
    add_host(actor=shop, trunk=spare, host=more)


def test_what_its_owner_keeps_off_stays_off(world: World, balance: Balance) -> None:
    one = trunk(world, "One")
    run_alerts(moment=NIGHT)
    status, _body = Api(world, "sub_reseller")("PATCH", f"/trunks/{one.pk}", {"status": "inactive"})
    assert (status, fresh(one).disabled_by_alert_at) == (200, None)
    row = AuditEvent.objects.get(action="trunk_taken_over")
    assert (row.customer, row.subject) == (world.shop, "One")
    shop = world.actor("shop")
    assert refused(set_status, actor=shop, trunk=one, status="active") == "low_balance"
    fund(balance, 500)
    assert tell_at(world.shop, NIGHT + DAY) == []
    assert fresh(one).status == "inactive"
    set_status(actor=shop, trunk=fresh(one), status="active")


def test_the_customer_itself_decides_nothing_meanwhile(world: World, balance: Balance) -> None:
    one = trunk(world, "One")
    run_alerts(moment=NIGHT)
    set_status(actor=world.actor("shop"), trunk=fresh(one), status="inactive")
    fund(balance, 500)
    assert tell_at(world.shop, NIGHT + DAY) == ["trunks_enabled"]


def test_a_row_read_before_does_not_decide(world: World, balance: Balance) -> None:
    stale = trunk(world, "One")
    read = fresh(stale)
    run_alerts(moment=NIGHT)
    asked: dict[str, Any] = {"status": "active", "call_limit": 3}
    assert refused(edit_trunk, actor=world.actor("shop"), trunk=read, values=asked) == "low_balance"
    edit_trunk(actor=world.actor("sub_reseller"), trunk=stale, values=asked)
    now = fresh(stale)
    assert (now.status, now.call_limit, now.disabled_by_alert_at) == ("active", 3, None)


def test_the_page_offers_to_keep_it_off(world: World, balance: Balance) -> None:
    one = trunk(world, "One")
    run_alerts(moment=NIGHT)
    detail = reverse("accounts:trunk_detail", args=[one.pk])
    client = browser(world, "sub_reseller")
    assert "Keep it off" in client.get(detail).content.decode()
    assert "Keep it off" not in browser(world, "shop").get(detail).content.decode()
    edit = reverse("accounts:trunk_edit", args=[one.pk])
    sent = {"name": "One", "status": "inactive", "call_limit": "7"}
    assert client.post(edit, sent).status_code == 302
    assert fresh(one).disabled_by_alert_at == NIGHT  # the limit was edited, nothing decided
    client.post(reverse("accounts:trunk_deactivate", args=[one.pk]))
    assert (fresh(one).disabled_by_alert_at, fresh(one).call_limit) == (None, 7)
    assert "Keep it off" not in client.get(detail).content.decode()
