"""The pages of reports: who sees which figures, where cells lead, exports, saved views."""

from contextlib import closing
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from billing.models import Charge
from billing.services.move import NewTerms, move_customer
from calls.choices import ReportGroup
from calls.models import Call
from calls.services.charging import charge_pending
from customers.choices import Role
from customers.models import User
from customers.permissions import DELEGATED
from customers.selectors import effective_rights
from customers.services.permissions import set_rights
from softswitch.core.display import amount_text
from tariffs.models import Rate, Tariff
from tests.calls.stored import store_call
from tests.sql import count_queries
from tests.world import World, customer_of, tariff_with_rates

pytestmark = pytest.mark.django_db
MARCH = {"since": "2026-03-01", "until": "2026-03-31"}
LONG = 7211  # seconds: amounts that are nobody else's
ABOVE = {
    "operator": (),
    "reseller": (),
    "sub_reseller": ("reseller",),
    "shop": ("sub_reseller", "reseller"),
}


@pytest.fixture
def call(world: World) -> Call:
    """A charged call of the shop, four levels below Root, and one that failed."""
    Rate.objects.filter(prefix__startswith="44").update(country="GB")
    stored = store_call(world.shop, "442079460000", LONG, account=world.account, pdd_ms=1500)
    store_call(world.shop, "442079460001", account=world.account, answered=False, sip_code=486)
    charge_pending()
    return stored


def as_user(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def page(client: Client, **query: Any) -> Any:
    return client.get(reverse("calls:report"), MARCH | query)


def row_of(response: Any) -> Any:
    """The one row of a report."""
    (row,) = response.context["table"].data.data
    return row


def words(response: Any) -> str:
    """What can be read on a page."""
    return strip_tags(response.content.decode())


def heads(response: Any) -> list[str]:
    return [str(column.header) for column in response.context["table"].columns]


def paid(world: World, call: Call, who: str) -> Charge:
    charge: Charge = Charge.objects.select_related("balance").get(
        call_id=call.id, customer=getattr(world, who)
    )
    return charge


def shown(charge: Charge) -> str:
    return amount_text(charge.amount, charge.balance.currency_id)


@pytest.mark.parametrize("group", ReportGroup.values)
@pytest.mark.parametrize("who", ABOVE)
def test_no_report_tells_a_price_above_the_viewer(
    client: Client, world: World, call: Call, who: str, group: str
) -> None:
    as_user(client, world.user(who))
    response = page(client, group=group)
    assert response.status_code == 200
    for other in ABOVE[who]:
        assert shown(paid(world, call, other)) not in words(response)
    if who == "shop" and group == "customer":  # it has none: its report is invalid, and empty
        assert response.context["table"].data.data == []
        return
    row = row_of(response)
    assert (row.attempts, row.answered, row.asr, row.ner, row.pdd) == (2, 1, 50, 100, 1.5)


def test_a_seller_sees_revenue_cost_and_margin(client: Client, world: World, call: Call) -> None:
    response = page(as_user(client, world.user("reseller")), group="customer")
    row = row_of(response)
    assert row.label == "Sub reseller"
    assert (row.earned, row.spent) == (
        {"GBP": paid(world, call, "sub_reseller").amount},
        {"EUR": paid(world, call, "reseller").amount},
    )
    assert row.currency == "USD"
    assert row.margin == row.revenue - row.cost
    assert heads(response)[-4:] == ["Revenue", "Cost", "Margin", "Margin, %"]
    assert "Amounts in USD at today" in response.content.decode()


def test_a_buyer_sees_its_charges_alone(client: Client, world: World, call: Call) -> None:
    response = page(as_user(client, world.user("shop")), group="destination")
    row = row_of(response)
    assert (row.label, row.second, row.cost) == (
        "Prefix 4420", "GB", paid(world, call, "shop").amount
    )  # fmt: skip
    assert heads(response)[-1] == "Charges"
    assert "Margin" not in response.content.decode()
    assert 'name="level"' not in response.content.decode()


def test_root_sees_revenue_and_chooses_a_level_below(
    client: Client, world: World, call: Call
) -> None:
    as_user(client, world.user("operator"))
    assert heads(page(client))[-1] == "Revenue"
    row = row_of(page(client, level="Sub reseller"))
    assert row.label == "Shop"
    assert row.earned == {"GBP": paid(world, call, "shop").amount}
    assert row.spent == {"GBP": paid(world, call, "sub_reseller").amount}


@pytest.mark.parametrize("level", ["Other reseller", "Root", "Sub customer", "Nobody"])
def test_no_level_beside_or_above(client: Client, world: World, call: Call, level: str) -> None:
    response = page(as_user(client, world.user("sub_reseller")), level=level)
    assert response.context["filterset"].form.errors["level"] == ["Nothing here has this name."]
    assert response.context["table"].data.data == []
    assert shown(paid(world, call, "reseller")) not in words(response)


def test_the_level_of_a_buyer_below_is_what_it_pays(
    client: Client, world: World, call: Call
) -> None:
    response = page(as_user(client, world.user("reseller")), level="Shop", group="destination")
    assert heads(response)[-1] == "Charges"
    assert row_of(response).spent == {"GBP": paid(world, call, "shop").amount}


def test_strangers_and_siblings_have_nothing_of_it(
    client: Client, world: World, call: Call
) -> None:
    for who in ("other_reseller", "sub_customer"):
        for group in ReportGroup.values:
            response = page(as_user(client, world.user(who)), group=group)
            assert response.context["table"].data.data == []
        assert page(client, customer="Shop").context["table"].data.data == []


def test_what_is_below_a_level_that_moved_away_is_no_longer_told(
    client: Client, world: World, call: Call
) -> None:
    move_customer(
        actor=world.actor("operator"),
        customer=world.sub_reseller,
        owner=world.other_reseller,
        terms=NewTerms(tariff_with_rates(world.other_reseller, "Beside", "USD")),
        surplus="pay_out",
        reason="Sold on",
    )
    as_user(client, world.user("other_reseller"))
    assert page(client, level="Sub reseller").context["table"].data.data == []
    assert page(client).context["table"].data.data == []
    row = row_of(page(as_user(client, world.user("reseller"))))
    assert row.label == "Sub reseller"


def test_an_accounts_user_has_no_reports(client: Client, world: World, call: Call) -> None:
    as_user(client, User.objects.get(account=world.account))
    for name in ("report", "report_chart"):
        assert client.get(reverse(f"calls:{name}")).status_code == 403


def test_a_residential_customer_sees_its_own(client: Client, world: World) -> None:
    retail = Tariff.objects.get(name="Retail")
    home = customer_of(world.reseller, "Home", "residential", retail)
    call = store_call(home, "442079460000", LONG)
    store_call(world.sub_customer, "442079460000", LONG)
    charge_pending()
    response = page(as_user(client, User.objects.get(customer=home)))
    assert heads(response)[-1] == "Charges"
    assert row_of(response).spent == {
        "EUR": Charge.objects.get(call_id=call.id, customer=home).amount
    }


def test_a_role_without_money_sees_none(client: Client, world: World, call: Call) -> None:
    user = world.user("sub_reseller")
    User.objects.filter(pk=user.pk).update(role=Role.REPORTER)
    response = page(as_user(client, user))
    assert row_of(response).attempts == 2
    assert heads(response)[-1] == "Billed"
    assert shown(paid(world, call, "shop")) not in words(response)
    with closing(page(client, export="csv")) as response:
        text = response.getvalue().decode()
    assert text.splitlines()[0].endswith("Minutes,Billed")


def test_without_the_right_to_cdrs_the_own_cost_is_not_told(
    client: Client, world: World, call: Call
) -> None:
    cases = (("shop", "sub_reseller", "Billed"), ("sub_reseller", "reseller", "Revenue"))
    for who, owner, last in cases:
        customer = getattr(world, who)
        rights = effective_rights(customer) - {"cdrs.view"}
        set_rights(actor=world.actor(owner), customer=customer, rights=rights & DELEGATED)
        response = page(as_user(client, world.user(who)), group="destination")
        assert heads(response)[-1] == last
        assert shown(paid(world, call, who)) not in words(response)
        hours = page(client, group="hour").context["table"]
        assert hours.lead(row_of(page(client, group="hour"))) == ""


def test_cells_lead_down_to_the_calls(client: Client, world: World, call: Call) -> None:
    as_user(client, world.user("sub_reseller"))
    response = page(client, group="account")
    steps = []
    for _step in range(3):
        table = response.context["table"]
        url = table.lead(row_of(response))
        steps.append(url)
        response = client.get(f"{reverse('calls:report')}{url}")
        assert row_of(response).attempts == 2
    assert "account=shop-1" in steps[0]
    assert "destination=Prefix+4420" in steps[1]
    assert "group=hour" in steps[2]
    assert response.context["table"].lead(row_of(response)) == ""  # of a destination
    hours = page(client, group="hour", customer="Shop", account="shop-1")
    row = next(row for row in hours.context["table"].data.data)
    calls = client.get(hours.context["table"].lead(row))
    assert {found["call_id"] for found in calls.context["page"].object_list.data} == {
        call.id, call.id + 1
    }  # fmt: skip


def test_a_destination_leads_to_its_own_calls_alone(client: Client, world: World) -> None:
    """Others are called the same in another country, or in another case, or not at all."""
    names = {"44": ("Mobile", "GB"), "33": ("Mobile", "FR"), "1": ("MOBILE", "FR"), "": ("", "DE")}
    for prefix, (name, country) in names.items():
        rates = Rate.objects.filter(tariff__name="Retail", prefix=prefix)
        rates.update(destination=name, country=country)
    for count, digits in enumerate(("44", "33", "1", "9"), start=1):
        for _number in range(count):
            store_call(world.sub_customer, f"{digits}1110000000")
    charge_pending()
    table = page(as_user(client, world.user("reseller")), group="destination").context["table"]
    assert [(row.label, row.second, row.attempts) for row in table.data.data] == [
        ("", "DE", 4), ("MOBILE", "FR", 3), ("Mobile", "FR", 2), ("Mobile", "GB", 1)
    ]  # fmt: skip
    assert table.lead(table.data.data[0]) == ""
    for row in table.data.data[1:]:
        down = client.get(reverse("calls:report") + table.lead(row))
        assert row_of(down).attempts == row.attempts


def test_csv_holds_the_rows(client: Client, world: World, call: Call) -> None:
    cost = format(paid(world, call, "shop").amount, "f")
    as_user(client, world.user("shop"))
    with closing(page(client, export="csv")) as response:
        lines = response.getvalue().decode("utf-8-sig").splitlines()
    assert lines[0].endswith("Minutes,Billed,Charges (GBP)")
    assert lines[1].startswith("Prefix 4420,2,1,50.000,100.000,7211.000,1.500,120.183,")
    assert lines[1].endswith(cost)
    assert len(lines) == 2


def test_xlsx_too_and_nothing_else(client: Client, world: World, call: Call) -> None:
    as_user(client, world.user("shop"))
    assert page(client, export="pdf").status_code == 404
    with closing(page(client, export="xlsx")) as response:
        assert response.getvalue()[:2] == b"PK"


def test_views_are_saved_opened_and_forgotten(client: Client, world: World, call: Call) -> None:
    as_user(client, world.user("sub_reseller"))
    url = f"{reverse('calls:report')}?group=country&period=last_month&page=2"
    assert client.post(url, {"save_view": " By country "}).status_code == 302
    assert client.post(url, {"save_view": " "}).status_code == 302
    response = page(client)
    assert response.context["saved"] == [("By country", "group=country&period=last_month")]
    assert 'href="?group=country&amp;period=last_month"' in response.content.decode()
    as_user(client, world.user("reseller"))
    assert page(client).context["saved"] == []
    as_user(client, world.user("sub_reseller"))
    client.post(url, {"forget_view": "By country"})
    assert page(client).context["saved"] == []


def test_sorting_pages_and_foot(client: Client, world: World, call: Call) -> None:
    store_call(world.shop, "33199990000", 60)
    charge_pending()
    as_user(client, world.user("shop"))
    response = page(client, sort="label")
    rows = response.context["table"].data.data
    assert [row.label for row in rows] == ["Prefix 33", "Prefix 4420"]
    assert [row.label for row in page(client).context["table"].data.data] == [
        "Prefix 4420", "Prefix 33"
    ]  # fmt: skip
    text = response.content.decode()
    foot = text[text.index("<tfoot>") : text.index("</tfoot>")]
    assert ">3</td>" in foot
    assert amount_text(sum(row.cost for row in rows), "GBP") in foot


def test_statements_do_not_grow_with_rows(client: Client, world: World, call: Call) -> None:
    as_user(client, world.user("sub_reseller"))
    page(client, group="destination")
    few = count_queries(lambda: page(client, group="destination"))
    for number in ("33199990000", "12125550100", "447911123456", "8112345678"):
        store_call(world.shop, number, 60)
    charge_pending()
    assert count_queries(lambda: page(client, group="destination")) == few


@pytest.mark.parametrize("group", ["day", "customer"])
def test_the_chart_is_drawn_by_day_or_hour(
    client: Client, world: World, call: Call, group: str
) -> None:
    as_user(client, world.user("sub_reseller"))
    url = reverse("calls:report_chart")
    assert "Minutes by day" in client.get(url, MARCH | {"group": group}).content.decode()
    one = {"since": "2026-03-10", "until": "2026-03-10", "group": group}
    text = client.get(url, one, headers={"HX-Request": "true"}).content.decode()
    assert "Minutes by hour" in text
    assert "<html" not in text
    empty = client.get(url, {"since": "2026-02-01", "until": "2026-02-02"}).content.decode()
    assert "chart-plot" not in empty
    assert client.get(url, {"since": "nonsense"}).status_code == 200
