"""Rates on the list itself: edited in place, closed, deleted, exported, and their history."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from softswitch.core.errors import DomainError
from tariffs.models import Rate, RateImport, Tariff
from tariffs.services.imports.applying import apply_import
from tariffs.services.profiles import create_profile
from tariffs.services.rates import Pricing, change_rate, delete_rate
from tariffs.services.tariffs import NewRate, close_rate, create_tariff, set_rate
from tests.tariffs.test_pages import confirmed, get, login, post
from tests.world import World, tariff_with_rates

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
NEW = Pricing(Decimal("0.07"), Decimal("0.06"), 30, 1, is_forbidden=False)
DATA = {"price_1": "0.07", "price_n": "0.06", "interval_1": "30", "interval_n": "1"}


@pytest.fixture
def retail(world: World) -> Tariff:
    """The reseller's tariff, by which two customers pay."""
    found: Tariff = Tariff.objects.get(name="Retail")
    return found


@pytest.fixture
def unused(world: World) -> Tariff:
    return tariff_with_rates(world.reseller, "Unused", "EUR")


def row_of(tariff: Tariff, prefix: str) -> Rate:
    found: Rate = tariff.rates.get(prefix=prefix, valid_till=None)
    return found


def pricing(row: Rate) -> Pricing:
    return Pricing(row.price_1, row.price_n, row.interval_1, row.interval_n, row.is_forbidden)


def test_a_changed_price_opens_a_row_and_keeps_what_else_the_old_one_said(world, retail):
    actor, old = world.actor("reseller"), row_of(retail, "44")
    end = now() + timedelta(days=9)
    close_rate(actor=actor, rate=old, at=end)
    new = change_rate(actor=actor, rate=old, pricing=NEW)
    old.refresh_from_db()
    assert (old.price_1, old.valid_till) == (Decimal("0.04"), new.valid_from)
    assert pricing(new) == NEW
    assert (new.destination, new.country, new.valid_till) == (old.destination, old.country, end)
    start = now() + timedelta(days=20)
    later = change_rate(actor=actor, rate=new, pricing=pricing(old), valid_from=start)
    new.refresh_from_db()
    assert (new.valid_till, later.valid_from, later.valid_till) == (end, start, None)


def test_what_does_not_differ_changes_nothing(world, retail):
    old = row_of(retail, "44")
    assert change_rate(actor=world.actor("reseller"), rate=old, pricing=pricing(old)) == old
    assert retail.rates.filter(prefix="44").count() == 1


def test_a_rate_that_priced_nothing_is_edited_itself(world, retail, unused):
    actor = world.actor("reseller")
    announced = set_rate(
        actor=actor,
        tariff=retail,
        rate=NewRate("44", Decimal(1), Decimal(1), valid_from=now() + timedelta(days=1)),
    )
    revision = Tariff.objects.get(pk=retail.pk).rates_revision
    for row in (announced, row_of(unused, "44")):
        assert change_rate(actor=actor, rate=row, pricing=NEW) == row
        row.refresh_from_db()
        assert pricing(row) == NEW
    assert unused.rates.filter(prefix="44").count() == 1
    assert Tariff.objects.get(pk=retail.pk).rates_revision == revision + 1


def test_what_has_ended_is_not_changed_and_not_closed_again(world, retail):
    actor, old = world.actor("reseller"), row_of(retail, "44")
    change_rate(actor=actor, rate=old, pricing=NEW)
    with pytest.raises(DomainError) as error:
        change_rate(actor=actor, rate=old, pricing=NEW)
    assert error.value.code == "closed"
    with pytest.raises(DomainError) as error:
        close_rate(actor=actor, rate=old)
    assert error.value.code == "closed"


def test_deleting_gives_the_time_back_to_the_row_before(world, retail, unused):
    actor, old = world.actor("reseller"), row_of(retail, "44")
    with pytest.raises(DomainError) as error:
        delete_rate(actor=actor, rate=old)
    assert error.value.code == "used"
    start = now() + timedelta(days=1)
    announced = change_rate(actor=actor, rate=old, pricing=NEW, valid_from=start)
    old.refresh_from_db()
    assert old.valid_till == start
    delete_rate(actor=actor, rate=announced)
    assert row_of(retail, "44") == old
    with pytest.raises(DomainError) as error:
        delete_rate(actor=actor, rate=announced)
    assert error.value.code == "gone"
    delete_rate(actor=actor, rate=row_of(unused, "44"))
    assert not unused.rates.filter(prefix="44").exists()


def test_rows_of_a_profile_give_and_take_only_each_others_time(world, retail):
    """A row at some times of day stands beside the one of the whole day, and follows its own."""
    actor, plain = world.actor("reseller"), row_of(retail, "44")
    peak = create_profile(actor=actor, name="Peak", windows=[[31, 480, 1200]])
    rate = NewRate("44", Decimal(1), Decimal(1), profile=peak)
    row = set_rate(actor=actor, tariff=retail, rate=rate)
    start = now() + timedelta(days=1)
    announced = change_rate(actor=actor, rate=row, pricing=NEW, valid_from=start)
    assert announced.profile == peak
    for one, end in ((plain, None), (row, start)):
        one.refresh_from_db()
        assert one.valid_till == end
    # The plain row that ends at the same instant stays ended when the announced one goes.
    close_rate(actor=actor, rate=plain, at=start)
    delete_rate(actor=actor, rate=announced)
    for one, end in ((plain, start), (row, None)):
        one.refresh_from_db()
        assert one.valid_till == end


def test_a_row_is_edited_in_its_place_and_without_scripts(world, retail):
    client, row = login(world, "reseller"), row_of(retail, "44")
    url = reverse("tariffs:rate_edit", args=[row.pk])
    form = client.get(url, headers=HTMX).content.decode()
    assert form.strip().startswith("<tr")
    assert 'value="0.04"' in form
    assert "<h1>" in client.get(url).content.decode()
    assert "0.0400" in client.get(url + "?read", headers=HTMX).content.decode()
    wrong = client.post(url, DATA | {"price_1": "-1"}, headers=HTMX)
    assert "greater than or equal to 0" in wrong.content.decode()
    saved = client.post(url, DATA, headers=HTMX).content.decode()
    assert "0.0700" in saved
    assert saved.count("<tr") == 1  # the row that counts now stands where the old one stood
    new = row_of(retail, "44")
    assert f'value="{new.pk}"' in saved
    later = DATA | {"price_1": "0.08", "valid_from": f"{now() + timedelta(days=2):%Y-%m-%dT%H:%M}"}
    both = client.post(reverse("tariffs:rate_edit", args=[new.pk]), later, headers=HTMX)
    assert both.content.decode().count("<tr") == 2
    other = row_of(retail, "33")
    answer = post(client, "rate_edit", other.pk, **DATA)
    assert answer["Location"] == reverse("tariffs:tariff_detail", args=[retail.pk])
    announced = row_of(retail, "44")
    assert "valid_from" not in get(client, "rate_edit", announced.pk).context["form"].fields


def test_selected_rows_are_closed_with_one_sentence(world, retail):
    client = login(world, "reseller")
    url = reverse("tariffs:tariff_detail", args=[retail.pk])
    page = client.get(url).content.decode()
    assert 'form="ticked"' in page
    assert '<form id="ticked"' in page
    keys = [row.pk for row in retail.rates.order_by("prefix")][:3]
    announced = set_rate(
        actor=world.actor("reseller"),
        tariff=retail,
        rate=NewRate("49", Decimal(1), Decimal(1), valid_from=now() + timedelta(days=1)),
    )
    foreign = Rate.objects.filter(tariff__name="Wholesale").earliest("pk")
    data: dict[str, Any] = {"do": "close", "pk": [*keys, announced.pk, foreign.pk]}
    asked = client.post(url, data)
    assert "Close?" in asked.content.decode()
    done = client.post(url, data | {"confirmed": "1"}, follow=True).content.decode()
    assert "3 closed, 1 skipped: 49: It must end after it begins." in done
    assert retail.rates.filter(pk__in=keys, valid_till__lte=now()).count() == 3
    foreign.refresh_from_db()
    assert foreign.valid_till is None
    above = login(world, "operator")
    assert above.post(url, data | {"confirmed": "1"}).status_code == 404
    assert "row-check" not in above.get(url).content.decode()


def test_deleting_is_offered_only_for_what_priced_nothing(world, retail, unused):
    client, row = login(world, "reseller"), row_of(unused, "44")
    used = reverse("tariffs:rate_delete", args=[row_of(retail, "44").pk])
    assert used not in get(client, "tariff_detail", retail.pk).content.decode()
    url = reverse("tariffs:rate_delete", args=[row.pk])
    assert url in get(client, "tariff_detail", unused.pk).content.decode()
    assert "Goes on" in client.get(url).content.decode()
    assert "44 is deleted." in client.post(url, follow=True).content.decode()
    assert "Close it instead" in client.post(used, follow=True).content.decode()
    for who, status in (("other_reseller", 404), ("sub_reseller", 404), ("operator", 403)):
        for name in ("rate_edit", "rate_delete"):
            pk = row_of(retail, "44").pk
            assert get(login(world, who), name, pk).status_code == status
            assert post(login(world, who), name, pk).status_code == status


ALL_FIELDS = [
    field.name for field in Rate._meta.concrete_fields if field.name not in {"id", "tariff"}
]


def fields_of(tariff: Tariff) -> list[tuple[Any, ...]]:
    return list(tariff.rates.order_by("prefix", "valid_from").values_list(*ALL_FIELDS))


def test_a_whole_tariff_with_its_history_comes_back_from_its_export(world, unused):
    actor = world.actor("reseller")
    Tariff.objects.filter(pk=unused.pk).update(timezone="Europe/Paris")
    change_rate(
        actor=actor,
        rate=row_of(unused, "44"),
        pricing=NEW,
        valid_from=now().replace(microsecond=0) + timedelta(days=5),
    )
    # The importer names the countries of prefixes that a sheet leaves without one.
    Rate.objects.filter(tariff=unused).exclude(prefix="").update(country="FR")
    Rate.objects.filter(tariff=unused, prefix="33").update(
        is_forbidden=True, destination="Paris, “centre”; 1,5"
    )
    Rate.objects.filter(tariff=unused, prefix="1").update(grace_enabled=True, price_1="0.00000001")
    client = login(world, "reseller")
    data = b"".join(get(client, "tariff_detail", unused.pk, state="all", export="csv"))
    empty = create_tariff(actor=actor, name="Empty", currency="EUR", timezone="Europe/Paris")
    post(client, "import_create", empty.pk, file=SimpleUploadedFile("all.csv", data))
    rate_import = RateImport.objects.get(tariff=empty)
    confirmed(client, rate_import)
    post(client, "import_apply", rate_import.pk)
    apply_import(rate_import.pk)
    assert fields_of(empty) == fields_of(unused)
    assert empty.rates.count() == 7
    book = b"".join(get(client, "tariff_detail", unused.pk, state="all", export="xlsx"))
    sheet = openpyxl.load_workbook(io.BytesIO(book)).active
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    cells = [[cell_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert [[*map(number, line)] for line in cells] == [[*map(number, line)] for line in lines]


def cell_text(cell: object) -> str:
    return "" if cell is None else str(cell)


def number(text: str) -> object:
    """A price by its value: a workbook has none of the trailing zeros."""
    return Decimal(text) if re.fullmatch(r"[0-9.e-]+", text) else text


def test_the_export_holds_what_was_found_at_the_date_asked_for(world, retail):
    client = login(world, "reseller")
    change_rate(actor=world.actor("reseller"), rate=row_of(retail, "44"), pricing=NEW)

    def lines(**query: str) -> list[str]:
        data = b"".join(get(client, "tariff_detail", retail.pk, export="csv", **query))
        return data.decode("utf-8-sig").splitlines()[1:]

    assert [line.split(",")[3] for line in lines(prefix="44")] == ["0.07000000"]
    then = lines(prefix="44", on="2026-02-01T00:00")
    assert [line.split(",")[3] for line in then] == ["0.04000000"]
    assert len(lines(prefix="44", state="all")) == 2
    assert "?state=all&amp;export=csv" in get(client, "tariff_detail", retail.pk).content.decode()


def test_the_history_tells_prices_changes_and_who_made_them(world, retail):
    client, row = login(world, "reseller"), row_of(retail, "44")
    only = get(client, "rate_history", row.pk)
    assert only.context["chart"] is None
    post(client, "rate_edit", row.pk, **DATA)
    sheet = SimpleUploadedFile("sheet.csv", b"Prefix,Price\n44,0.03\n")
    post(client, "import_create", retail.pk, file=sheet)
    rate_import = RateImport.objects.get()
    confirmed(client, rate_import)
    post(client, "import_apply", rate_import.pk)
    apply_import(rate_import.pk)
    answer = get(client, "rate_history", row.pk)
    text = answer.content.decode()
    assert "▲ +50.0 %" in text
    assert "▼ −50.0 %" in text
    assert [item.record.price_n for item in answer.context["page"].object_list] == [
        Decimal("0.03"),
        Decimal("0.06"),
        Decimal("0.04"),
    ]
    assert len(answer.context["chart"].paths) == 2
    actions = [event.action for event in answer.context["events"]]
    assert actions == ["rates_imported", "rate_set", "rate_set"]
    assert "Retail: sheet.csv" in text
    user = world.user("reseller")
    assert user.login in text
    other = get(client, "rate_history", row_of(retail, "33").pk)
    assert [event.action for event in other.context["events"]] == ["rate_set"]
    export = b"".join(get(client, "rate_history", row.pk, export="csv")).decode("utf-8-sig")
    assert export.splitlines()[0].startswith("Prefix,Destination")
    for who, status in (("other_reseller", 404), ("sub_reseller", 404), ("sub_customer", 403)):
        assert get(login(world, who), "rate_history", row.pk).status_code == status


def test_a_change_made_from_above_has_no_name_below(world, retail):
    client = login(world, "operator")
    client.post(reverse("customers:switch_to", args=[world.reseller.pk]))
    post(client, "rate_edit", row_of(retail, "44").pk, **DATA)
    text = get(login(world, "reseller"), "rate_history", row_of(retail, "44").pk).content.decode()
    assert "Your provider" in text
    assert "operator" not in text


def test_who_pays_by_a_tariff_is_counted_and_listed(world, retail):
    def tabs(client: Client) -> dict[str, Any]:
        page = get(client, "tariff_detail", retail.pk).context
        return {str(tab.label): tab.count for tab in page["tabs"]}

    client = login(world, "reseller")
    assert {"Rates": "6", "Customers": 2, "Accounts": 0}.items() <= tabs(client).items()
    account = world.account
    account.terms.update(valid_till=now())
    account.terms.create(charging="by_itself", tariff=retail, valid_from=now())
    assert tabs(client)["Accounts"] == 1
    text = get(client, "tariff_accounts", retail.pk).content.decode()
    assert "shop-1" in text
    assert "Shop" in text
    account.archived_at = now()
    account.save()
    assert tabs(client)["Accounts"] == 0


def test_the_list_of_tariffs_counts_rates_and_tells_the_last_change(world, retail):
    client = login(world, "reseller")
    Tariff.objects.filter(pk=retail.pk).update(changed_at="2026-01-02T00:00Z")
    assert "2 Jan 2026" in get(client, "tariff_list").content.decode()
    close_rate(actor=world.actor("reseller"), rate=row_of(retail, "44"))
    page = get(client, "tariff_list")
    assert "2 Jan 2026" not in page.content.decode()
    table = page.context["table"]
    row = next(row for row in table.rows if row.record == retail)
    table.prepare([row.record])
    assert (row.get_cell("rates"), row.get_cell("customers")) == ("5", "2")
