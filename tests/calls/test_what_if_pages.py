"""The pages of what-ifs: asked from where one stands, answered, led further, exported, compared."""

from contextlib import closing
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from calls.filters import ResultFilter
from calls.models import Destination, WhatIf
from calls.services.charging import charge_pending
from calls.services.what_if.questions import Change
from calls.services.what_if.running import run_what_if
from customers.choices import Role
from customers.models import AuditEvent, Customer
from softswitch.core.display import amount_text
from tariffs.models import Rate, RateImport, Tariff
from tests.calls.stored import store_call
from tests.calls.what_if import asked
from tests.sql import count_queries
from tests.world import World, tariff_with_rates

pytestmark = pytest.mark.django_db
LONDON = "442079460000"


@pytest.fixture
def calls(world: World) -> None:
    """Charged calls of two customers of the reseller to two destinations."""
    for customer in (world.shop, world.sub_customer):
        for number in (LONDON, "12125550100"):
            store_call(customer, number, 600)
    charge_pending()


def client_of(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who))
    return client


def form_of(world: World, **values: Any) -> dict[str, Any]:
    retail = Tariff.objects.get(name="Retail")
    return {
        "name": "Five percent",
        "since": "2026-03-01",
        "until": "2026-03-31",
        "sell_kind": "markup",
        "sell_tariff": retail.pk,
        "sell_time": "now",
        "markup": "percent",
        "amount": "5",
        "decimals": "6",
        "rounding": "half_up",
    } | values


def test_a_question_is_asked_answered_and_shown(world: World, calls: None) -> None:
    client = client_of(world, "reseller")
    answer = client.post(reverse("calls:what_if_create"), form_of(world))
    what_if = WhatIf.objects.get()
    page = reverse("calls:what_if", args=[what_if.pk])
    assert (answer.status_code, answer["Location"]) == (302, page)
    waiting = client.get(page)
    assert "You can leave this page" in waiting.content.decode()
    polled = client.get(page, {"poll": 1}, headers={"HX-Request": "true"})
    assert "HX-Refresh" not in polled
    assert run_what_if(what_if_id=what_if.pk)
    polled = client.get(page, {"poll": 1}, headers={"HX-Request": "true"})
    assert polled["HX-Refresh"] == "true"
    shown = client.get(page)
    total = shown.context["table"].total
    assert total.revenue_after > total.revenue_before
    text = strip_tags(shown.content.decode())
    assert amount_text(total.margin_after, "USD") in text
    assert "Retail with a mark-up of 5 %" in text
    assert AuditEvent.objects.filter(action="what_if_asked").exists()


def test_cells_lead_from_customers_to_their_destinations(world: World, calls: None) -> None:
    what_if = asked(
        world.actor("reseller"), Change(tariff=Tariff.objects.get(name="Retail").pk), has_below=True
    )
    client = client_of(world, "reseller")
    page = reverse("calls:what_if", args=[what_if.pk])
    table = client.get(page).context["table"]
    assert {row.label for row in table.data.data} == {"Sub reseller", "Sub customer"}
    lead = table.lead(next(row for row in table.data.data if row.label == "Sub customer"))
    inside = client.get(page + lead).context["table"].data.data
    assert {row.label for row in inside} == {"Prefix 4420", "Prefix 1"}
    assert sum(row.calls for row in inside) == 2
    sellers = client.get(page, {"group": "seller"}).context["table"].data.data
    assert {row.label for row in sellers} == {"Reseller", "Sub reseller"}
    below = client.get(page, {"seller": world.sub_reseller.pk}).context["table"].data.data
    assert [row.label for row in below] == ["Shop"]


def test_choices_are_the_question_s_own_whoever_asked_the_class(world: World, calls: None) -> None:
    assert ResultFilter.base_filters["seller"].field is not None
    what_if = asked(
        world.actor("reseller"), Change(tariff=Tariff.objects.get(name="Retail").pk), has_below=True
    )
    page = client_of(world, "reseller").get(reverse("calls:what_if", args=[what_if.pk]))
    names = [name for _pk, name in page.context["filterset"].form.fields["seller"].choices]
    assert names == ["Reseller", "Sub reseller"]


def test_names_that_only_others_have_hide_nothing(world: World, calls: None) -> None:
    Customer.objects.filter(pk=world.other_reseller.pk).update(name="sub")
    Destination.objects.create(name="prefix", country="")
    what_if = asked(
        world.actor("reseller"), Change(tariff=Tariff.objects.get(name="Retail").pk), has_below=True
    )
    client, page = client_of(world, "reseller"), reverse("calls:what_if", args=[what_if.pk])
    for query in ({"customer": "Sub"}, {"destination": "Prefix"}):
        assert len(client.get(page, query).context["table"].data.data) == 2


def test_what_turns_to_a_loss_is_found_and_said(world: World, calls: None) -> None:
    cheap = tariff_with_rates(world.reseller, "Cheap", "EUR", factor="2")
    Rate.objects.filter(tariff=cheap, prefix="1").update(price_1=0, price_n=0)
    what_if = asked(world.actor("reseller"), Change(tariff=cheap.pk))
    client = client_of(world, "reseller")
    page = reverse("calls:what_if", args=[what_if.pk])
    shown = client.get(page, {"group": "pair", "only": "loss"})
    assert [row.second for row in shown.context["table"].data.data] == ["Prefix 1"] * 2
    assert "Turns to a loss" in shown.content.decode()
    assert "Turns to a loss" not in client.get(page, {"destination": "4420"}).content.decode()


def test_what_is_read_so_far_is_not_exported(world: World, calls: None) -> None:
    what_if = asked(world.actor("reseller"), Change(tariff=Tariff.objects.get(name="Retail").pk))
    page = reverse("calls:what_if", args=[what_if.pk]) + "?export=csv"
    client = client_of(world, "reseller")
    for state in ("running", "failed"):
        WhatIf.objects.update(state=state)
        assert client.get(page).status_code == 404
    WhatIf.objects.update(state="done")
    answer: Any = client.get(page)
    with closing(answer):
        assert answer.status_code == 200


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_answer_is_exported_as_shown(world: World, calls: None, form: str) -> None:
    what_if = asked(world.actor("reseller"), Change(tariff=Tariff.objects.get(name="Retail").pk))
    client = client_of(world, "reseller")
    query = {"group": "destination", "export": form}
    answer: Any = client.get(reverse("calls:what_if", args=[what_if.pk]), query)
    with closing(answer):  # the last request: it ends the connection
        content = answer.getvalue()
    if form == "xlsx":
        assert content[:2] == b"PK"
        return
    lines = content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith(
        "Destination,Country,Calls,Minutes,Revenue before (USD),Revenue after (USD)"
    )
    assert len(lines) == 3


def test_answers_are_compared_side_by_side(world: World, calls: None) -> None:
    retail = Tariff.objects.get(name="Retail")
    actor, client = world.actor("reseller"), client_of(world, "reseller")
    one = asked(actor, Change(tariff=retail.pk))
    two = asked(actor, Change(kind="markup", tariff=retail.pk, amount=10))  # type: ignore[arg-type]
    page = reverse("calls:what_if_compare")
    assert client.get(page, {"a": one.pk}).status_code == 200
    shown = client.get(page, {"a": one.pk, "b": two.pk})
    values = {line[0]: line[1] for line in shown.context["lines"]}["Revenue after"]
    assert values[1][0] > values[0][0] > 0
    assert "Margin difference, Sub customer" in {line[0] for line in shown.context["lines"]}
    foreign = asked(world.actor("operator"), Change(tariff=Tariff.objects.get(name="Wholesale").pk))
    assert client.get(page, {"a": one.pk, "b": foreign.pk}).status_code == 422
    answer: Any = client.get(page, {"a": str(one.pk), "b": str(two.pk), "export": "csv"})
    with closing(answer):
        text = answer.getvalue().decode()
    assert str(values[1][0]) in text


def test_beside_others_what_root_pays_is_not_known_either(world: World, calls: None) -> None:
    actor, client = world.actor("operator"), client_of(world, "operator")
    own = asked(actor, Change(tariff=Tariff.objects.get(name="Wholesale").pk))
    retail = Change(tariff=Tariff.objects.get(name="Retail").pk)
    below = asked(actor, retail, seller=world.reseller)
    shown = client.get(reverse("calls:what_if_compare"), {"a": own.pk, "b": below.pk})
    lines = {line[0]: [value for value, _text in line[1]] for line in shown.context["lines"]}
    for name in ("Cost before", "Cost after", "Margin before", "Margin after"):
        assert lines[name][0] is None
        assert lines[name][1] is not None
    assert None not in lines["Revenue before"]


def test_pages_of_a_tariff_a_sheet_and_the_simulator_lead_to_a_filled_form(world: World) -> None:
    client, retail = client_of(world, "reseller"), Tariff.objects.get(name="Retail")
    sheet = RateImport.objects.create(
        tariff=retail, file="x.csv", file_name="new.csv", state="ready", counts={"new": 1}
    )
    new = reverse("calls:what_if_create")
    pages = {
        reverse("tariffs:tariff_detail", args=[retail.pk]): f"{new}?tariff={retail.pk}",
        reverse("tariffs:import_detail", args=[sheet.pk]): f"{new}?draft={sheet.pk}",
        reverse("tariffs:simulator")
        + "?numbers=442071234567&customer=Shop&duration=60": f"{new}?customer={world.shop.pk}",
    }
    for page, link in pages.items():
        assert link in client.get(page).content.decode()
    form = client.get(new, {"draft": sheet.pk}).context["form"]
    assert (form["sell_kind"].value(), form["sell_draft"].value()) == ("draft", sheet.pk)
    form = client.get(new, {"tariff": retail.pk, "customer": world.shop.pk}).context["form"]
    assert (form["sell_tariff"].value(), form["customer"].value()) == (retail.pk, "Shop")
    foreign = Tariff.objects.get(name="Wholesale")
    form = client.get(new, {"tariff": foreign.pk}).context["form"]
    assert form["sell_tariff"].value() is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sell_kind", ""),
        ("sell_tariff", ""),
        ("amount", "-101"),
        ("until", "2026-02-01"),
        ("customer", "Other reseller"),
        ("seller", "Shop"),
    ],
)
def test_a_form_that_cannot_be_answered_says_why(world: World, field: str, value: str) -> None:
    client = client_of(world, "reseller")
    answer = client.post(reverse("calls:what_if_create"), form_of(world, **{field: value}))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not WhatIf.objects.exists()


def test_a_saved_what_if_is_renamed_repeated_and_deleted(world: World, calls: None) -> None:
    what_if = asked(world.actor("reseller"), Change(tariff=Tariff.objects.get(name="Retail").pk))
    client, key = client_of(world, "reseller"), [what_if.pk]
    client.post(reverse("calls:what_if_rename", args=key), {"name": "Better"})
    assert "Better" in client.get(reverse("calls:what_if_list")).content.decode()
    client.post(reverse("calls:what_if_again", args=key))
    what_if.refresh_from_db()
    assert (what_if.name, what_if.state, what_if.rows.count()) == ("Better", "waiting", 0)
    client.post(reverse("calls:what_if_delete", args=key))
    assert not WhatIf.objects.exists()


def test_nobody_else_finds_it_and_who_only_looks_changes_nothing(world: World, calls: None) -> None:
    what_if = asked(world.actor("reseller"), Change(tariff=Tariff.objects.get(name="Retail").pk))
    page = reverse("calls:what_if", args=[what_if.pk])
    assert client_of(world, "other_reseller").get(page).status_code == 404
    assert client_of(world, "operator").get(page).status_code == 404
    assert client_of(world, "shop").get(page).status_code == 403
    reader = world.user("reseller")
    WhatIf.objects.update(created_by=None)
    reader.role = Role.READ_ONLY
    reader.save()
    client = client_of(world, "reseller")
    assert client.get(page).status_code == 200
    assert client.post(reverse("calls:what_if_delete", args=[what_if.pk])).status_code == 403


def test_somebody_above_who_asked_here_has_no_name(world: World, calls: None) -> None:
    asked(world.actor("reseller"), Change(tariff=Tariff.objects.get(name="Retail").pk))
    client, above = client_of(world, "reseller"), world.user("operator")
    WhatIf.objects.update(created_by=above)
    shown = client.get(reverse("calls:what_if_list"))
    exported: Any = client.get(reverse("calls:what_if_list"), {"export": "csv"})
    with closing(exported):
        texts = [shown.content.decode(), exported.getvalue().decode()]
    for text in texts:
        assert "Your provider" in text
        assert above.login not in text


def test_the_statements_of_an_answer_do_not_grow_with_its_rows(world: World, calls: None) -> None:
    what_if = asked(world.actor("reseller"), Change(tariff=Tariff.objects.get(name="Retail").pk))
    client = client_of(world, "reseller")
    page = reverse("calls:what_if", args=[what_if.pk]) + "?group=pair"
    client.get(page)
    few = count_queries(lambda: client.get(page))
    for place in range(1000, 1040):
        row = what_if.rows.earliest("pk")
        row.pk, row.destination_id = None, place
        row.save()
    assert count_queries(lambda: client.get(page)) == few
