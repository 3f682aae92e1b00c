"""The pages of tariffs, rates, imports and exchange rates: owner, stranger, missing right."""

import csv
import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from calls.services.rate_imports import roll_back_import
from tariffs.choices import ImportState
from tariffs.models import ExchangeRate, Rate, RateImport, Tariff, TariffVersion
from tariffs.services.imports.applying import apply_import
from tariffs.services.imports.checking import check_import
from tariffs.services.tariffs import NewRate, create_tariff, set_rate
from tests.world import World, customer_of, tariff_with_rates

pytestmark = pytest.mark.django_db


@pytest.fixture
def retail(world: World) -> Tariff:
    """The reseller's tariff, by which the sub-reseller and the sub-customer pay."""
    found: Tariff = Tariff.objects.get(name="Retail")
    return found


def login(world: World, who: str) -> Client:
    client = Client()
    client.force_login(world.user(who), backend="django.contrib.auth.backends.ModelBackend")
    return client


def get(client: Client, page: str, /, *args: Any, **query: Any) -> Any:
    return client.get(reverse(f"tariffs:{page}", args=args), query)


def post(client: Client, page: str, /, *args: Any, **data: Any) -> Any:
    return client.post(reverse(f"tariffs:{page}", args=args), data)


def confirmed(client: Client, rate_import: RateImport) -> None:
    """Look into an uploaded sheet, take its columns as they were guessed, and check it."""
    check_import(rate_import.pk)
    form = get(client, "import_columns", rate_import.pk).context["form"]
    data = {name: form[name].value() for name in form.fields}
    layout = {"sheet": form.base.sheet, "head": form.base.head}
    shown = {name: value for name, value in (data | layout).items() if value not in (None, False)}
    assert post(client, "import_columns", rate_import.pk, **shown).status_code == 302
    check_import(rate_import.pk)
    rate_import.refresh_from_db()


TARIFF = {
    "name": "Gold",
    "currency": "EUR",
    "timezone": "Europe/London",
    "connect_fee": "0.01",
    "post_call_surcharge": "0.015",
    "free_seconds": "0",
    "grace_period": "3",
    "duration_rounding": "up",
    "cost_rounding": "half_up",
    "decimals": "4",
    "average_call_duration": "180",
    "loss_protection": "refuse",
}
OF_TARIFF = (
    "tariff_detail",
    "tariff_edit",
    "tariff_archive",
    "tariff_customers",
    "tariff_accounts",
    "tariff_copy",
    "tariff_versions",
    "rate_create",
    "import_list",
    "import_create",
)
CHANGING = ("tariff_edit", "tariff_archive", "rate_create", "import_create")


@pytest.mark.parametrize("name", OF_TARIFF)
def test_owner_stranger_payer_and_nobody(world, retail, name):
    assert get(login(world, "reseller"), name, retail.pk).status_code == 200
    for who in ("other_reseller", "sub_reseller"):
        assert get(login(world, who), name, retail.pk).status_code == 404
    above = get(login(world, "operator"), name, retail.pk).status_code
    assert above == (403 if name in CHANGING else 200)
    assert get(Client(), name, retail.pk).status_code == 302
    assert get(login(world, "sub_customer"), name, retail.pk).status_code == 403


def test_a_tariff_is_created_edited_and_keeps_its_past(world):
    client = login(world, "reseller")
    answer = post(client, "tariff_create", **TARIFF)
    gold = Tariff.objects.get(name="Gold")
    assert answer["Location"] == reverse("tariffs:tariff_edit", args=[gold.pk])
    assert (gold.owner, gold.currency_id) == (world.reseller, "EUR")
    post(client, "tariff_edit", gold.pk, **TARIFF | {"connect_fee": "0.02", "currency": "USD"})
    old, new = TariffVersion.objects.filter(tariff=gold).order_by("valid_from")
    assert (old.connect_fee, old.valid_till) == (Decimal("0.01"), new.valid_from)
    assert (new.connect_fee, new.valid_till) == (Decimal("0.02"), None)
    gold.refresh_from_db()
    assert gold.currency_id == "EUR"
    again = post(client, "tariff_create", **TARIFF)
    assert again.status_code == 422
    assert "You have a tariff of this name." in again.content.decode()


def test_archiving_is_refused_while_assigned_with_the_count(world, retail):
    client = login(world, "reseller")
    url = reverse("tariffs:tariff_archive", args=[retail.pk])
    assert "assigned 2 times" in client.post(url, follow=True).content.decode()
    free = create_tariff(actor=world.actor("reseller"), name="Unused", currency="EUR")
    post(client, "tariff_archive", free.pk)
    free.refresh_from_db()
    assert free.archived_at is not None
    assert get(client, "tariff_detail", free.pk).status_code == 404


def test_the_rate_table_by_number_prefix_and_date(world, retail):
    client = login(world, "reseller")

    def prefixes(**query: str) -> list[str]:
        page = get(client, "tariff_detail", retail.pk, **query).context["page"]
        return [row.record.prefix for row in page.object_list]

    assert prefixes() == ["", "1", "33", "44", "4420", "447"]
    assert prefixes(number="+44 20 7946 0000") == ["4420", "44", ""]
    assert prefixes(number="+44 20 7946 0000", sort="prefix") == ["", "44", "4420"]
    assert prefixes(prefix="44*") == ["44", "4420", "447"]
    assert prefixes(prefix="44") == ["44"]
    assert prefixes(destination="prefix 33") == ["33"]
    assert prefixes(on="2025-01-01T00:00") == []
    assert prefixes(state="future") == prefixes(state="closed") == prefixes(state="forbidden") == []
    row = Rate.objects.get(tariff=retail, prefix="44")
    set_rate(
        actor=world.actor("reseller"),
        tariff=retail,
        rate=replace(NewRate("44", row.price_1, row.price_n), is_forbidden=True, country="GB"),
    )
    assert (
        prefixes(state="closed") == prefixes(state="forbidden") == prefixes(country="GB") == ["44"]
    )
    assert prefixes(state="all", prefix="44") == ["44", "44"]
    assert prefixes(state="forbidden", on="2026-02-01T00:00") == []
    assert prefixes(on="2026-02-01T00:00", prefix="44*") == ["44", "4420", "447"]


def test_a_new_price_closes_the_old_one_and_the_past_is_refused(world, retail):
    client = login(world, "reseller")
    row = Rate.objects.get(tariff=retail, prefix="44")
    assert 'value="0.04"' in get(client, "rate_change", row.pk).content.decode()
    data = {"price_1": "0.05", "price_n": "0.05", "interval_1": "60", "interval_n": "6"}
    past = post(client, "rate_change", row.pk, **data, valid_from="2026-02-01T00:00")
    assert past.status_code == 422
    assert "priced already" in past.content.decode()
    assert post(client, "rate_change", row.pk, **data).status_code == 302
    row.refresh_from_db()
    new = Rate.objects.get(tariff=retail, prefix="44", valid_till=None)
    assert (row.valid_till, new.price_1) == (new.valid_from, Decimal("0.05"))
    assert post(client, "rate_close", new.pk).status_code == 302
    assert not Rate.objects.filter(tariff=retail, prefix="44").valid_at(now()).exists()
    wrong = post(client, "rate_create", retail.pk, prefix="4x", price_1="-1", price_n="")
    assert set(wrong.context["form"].errors) >= {"prefix", "price_1", "price_n", "interval_1"}
    for who, status in (("other_reseller", 404), ("sub_reseller", 404), ("operator", 403)):
        assert get(login(world, who), "rate_change", row.pk).status_code == status
        assert post(login(world, who), "rate_close", row.pk).status_code == status


def test_a_customer_sees_its_rates_and_nothing_of_the_tariff(world, retail):
    for who in ("sub_reseller", "sub_customer"):
        answer = get(login(world, who), "own_rates")
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "Prefix 4420" in text
        assert "0.0400" in text  # 44: twice the wholesale price
        for hidden in ("Retail", "Wholesale", "Loss protection", "/tariffs/rates/"):
            assert hidden not in text
        export = b"".join(get(login(world, who), "own_rates", export="csv")).decode("utf-8-sig")
        assert "Retail" not in export
    shop = get(login(world, "shop"), "own_rates").content.decode()
    assert "0.0600" in shop
    assert "0.0400" not in shop


def test_an_export_is_read_back_as_unchanged(world, retail):
    client = login(world, "reseller")
    data = b"".join(get(client, "tariff_detail", retail.pk, export="csv"))
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0][:5] == ["Prefix", "Destination", "Country", "Price 1", "Price N"]
    assert rows[1][0] == "default"
    workbook = get(client, "tariff_detail", retail.pk, export="xlsx")
    assert b"".join(workbook).startswith(b"PK")
    post(client, "import_create", retail.pk, file=SimpleUploadedFile("own.csv", data))
    rate_import = RateImport.objects.get()
    confirmed(client, rate_import)
    assert rate_import.counts["unchanged"] == len(rows) - 1 == 6


def test_a_sheet_is_uploaded_previewed_and_applied(world, retail):
    client = login(world, "reseller")
    sheet = SimpleUploadedFile("sheet.csv", b"Prefix,Price\n44,0.09\n34,0.07\n33,0.01\n")
    answer = post(client, "import_create", retail.pk, file=sheet)
    rate_import = RateImport.objects.get()
    assert answer["Location"] == reverse("tariffs:import_detail", args=[rate_import.pk])
    assert "Checking the sheet" in get(client, "import_detail", rate_import.pk).content.decode()
    assert "HX-Refresh" not in get(client, "progress", rate_import.pk).headers
    confirmed(client, rate_import)
    assert get(client, "progress", rate_import.pk).headers["HX-Refresh"] == "true"
    text = get(client, "import_detail", rate_import.pk).content.decode()
    assert "Apply 3 changes" in text
    assert "▲ +125.0 %" in text
    assert "▼ −83.3 %" in text
    only = get(client, "import_detail", rate_import.pk, change="new").context["page"]
    assert [row.record.prefix for row in only.object_list] == ["34"]
    post(client, "import_apply", rate_import.pk)
    apply_import(rate_import.pk)
    rate_import.refresh_from_db()
    assert rate_import.state == ImportState.APPLIED
    assert "Apply 3" not in get(client, "import_detail", rate_import.pk).content.decode()


def test_rejected_lines_are_shown_and_downloaded_by_those_in_scope(world, retail):
    client = login(world, "reseller")
    sheet = SimpleUploadedFile("sheet.csv", b"Prefix,Price\n44,secret-price\n34,0.07\n")
    post(client, "import_create", retail.pk, file=sheet)
    rate_import = RateImport.objects.get()
    confirmed(client, rate_import)
    text = get(client, "import_detail", rate_import.pk).content.decode()
    assert "applied as a whole" in text
    assert "secret-price" in text
    content = b"".join(get(client, "import_errors", rate_import.pk)).decode("utf-8-sig")
    assert content.splitlines()[1].startswith("2,price,")
    assert (
        "whole"
        in client.post(
            reverse("tariffs:import_apply", args=[rate_import.pk]), follow=True
        ).content.decode()
    )
    rejected = get(client, "import_rejected", rate_import.pk, field="price").context["page"]
    assert [row.record.line for row in rejected.object_list] == [2]
    lines = b"".join(get(client, "import_lines", rate_import.pk)).decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["line", "3", "2"]
    assert "secret-price" in lines[2]
    for name in ("import_detail", "import_errors", "import_rejected", "import_lines", "progress"):
        for who in ("other_reseller", "sub_reseller"):
            assert get(login(world, who), name, rate_import.pk).status_code == 404
        assert get(login(world, "operator"), name, rate_import.pk).status_code == 200
    for name in ("import_apply", "import_cancel", "import_columns", "import_undo"):
        assert post(login(world, "other_reseller"), name, rate_import.pk).status_code == 404
        assert post(login(world, "operator"), name, rate_import.pk).status_code == 403
    post(client, "import_cancel", rate_import.pk)
    rate_import.refresh_from_db()
    assert rate_import.state == ImportState.CANCELLED


def test_exchange_rates_are_read_by_all_and_entered_by_the_operator(world):
    for who in ("operator", "reseller", "shop"):
        assert "1.2500" in get(login(world, who), "exchange_list", currency="EUR").content.decode()
    assert get(Client(), "exchange_list").status_code == 302
    for name in ("exchange_create", "exchange_upload"):
        assert get(login(world, "reseller"), name).status_code == 403
    client = login(world, "operator")
    post(client, "exchange_create", currency="EUR", valid_on="2026-03-01", rate="1.3")
    assert ExchangeRate.objects.filter(currency="EUR").count() == 2
    good = SimpleUploadedFile(
        "x.csv", b"currency,date,rate\nEUR,2026-04-01,1.31\nGBP,2026-04-01,1.6\n"
    )
    assert post(client, "exchange_upload", file=good).status_code == 302
    assert ExchangeRate.objects.filter(source="csv").count() == 2
    for line in ("XXX,2026-04-01,1", "EUR,1/4/2026,1", "EUR,2026-04-01,one", "EUR,2026-04-01,0"):
        text = f"currency,date,rate\nGBP,2026-05-01,1.6\n{line}\n".encode()
        bad = post(client, "exchange_upload", file=SimpleUploadedFile("x.csv", text))
        assert bad.status_code == 422
        assert "Line 3:" in bad.content.decode()
    assert ExchangeRate.objects.filter(source="csv").count() == 2


@pytest.mark.parametrize(
    "name", ["tariff_list", "tariff_detail", "tariff_customers", "tariff_accounts", "own_rates"]
)
def test_statements_do_not_grow_with_the_rows(world, retail, name):
    who = "sub_customer" if name == "own_rates" else "reseller"
    args = [] if name in ("tariff_list", "own_rates") else [retail.pk]
    client = login(world, who)
    get(client, name, *args)
    with CaptureQueriesContext(connection) as before:
        get(client, name, *args)
    Rate.objects.bulk_create(
        Rate(tariff=retail, prefix=f"9{at}", price_1=1, price_n=1) for at in range(20)
    )
    for at in range(3):
        tariff_with_rates(world.reseller, f"More {at}", "EUR")
        customer_of(world.reseller, f"Payer {at}", "business", retail)
    with CaptureQueriesContext(connection) as after:
        get(client, name, *args)
    assert len(after) == len(before)


ODD_SHEET = b"Notice\nZone,Dial code,A,B\nFiji,679,0.2,0.9\nFiji,6797,0.3,0.8\nX,1,0.1,0.1\n"


def test_columns_are_shown_with_values_and_corrected(world, retail):
    client = login(world, "reseller")
    post(client, "import_create", retail.pk, file=SimpleUploadedFile("odd.csv", ODD_SHEET))
    rate_import = RateImport.objects.get()
    check_import(rate_import.pk)
    page = reverse("tariffs:import_columns", args=[rate_import.pk])
    assert get(client, "import_detail", rate_import.pk)["Location"] == page
    text = client.get(page).content.decode()
    assert "No headings of codes and prices were found" in text
    answer = client.get(page, {"head": 2})
    rows = [(name, samples) for name, samples, _field in answer.context["form"].column_rows()]
    assert rows[:2] == [("Zone", ["Fiji", "X"]), ("Dial code", ["679", "6797", "1"])]
    form = {"head": 2, "column_0": "destination", "column_1": "prefix", "mark": ".", "dates": "day"}
    refused = client.post(page, form)
    assert refused.status_code == 422
    assert "which column holds the price" in refused.content.decode()
    client.post(page, form | {"column_3": "price", "profile_name": "Odd"})
    check_import(rate_import.pk)
    prices = rate_import.rows.order_by("line").values_list("price_n", flat=True)
    assert [str(price.normalize()) for price in prices] == ["0.9", "0.8", "0.1"]
    assert get(login(world, "operator"), "import_detail", rate_import.pk).status_code == 200
    post(client, "import_create", retail.pk, file=SimpleUploadedFile("odd.csv", ODD_SHEET))
    again = RateImport.objects.latest("pk")
    check_import(again.pk)
    text = get(client, "import_columns", again.pk).content.decode()
    assert "profile “Odd”" in text


def test_lines_are_left_out_customers_mailed_and_all_rolled_back(world, retail):
    client = login(world, "reseller")
    sheet = b"Prefix,Price\n44,cheap\n34,0.07\n"
    post(client, "import_create", retail.pk, file=SimpleUploadedFile("own.csv", sheet))
    rate_import = RateImport.objects.get()
    confirmed(client, rate_import)
    text = get(client, "import_detail", rate_import.pk).content.decode()
    assert "Leave out the rejected line" in text
    assert "Mail the changes to 2 customers" in text
    post(client, "import_apply", rate_import.pk, leave_out="on", notify="on")
    apply_import(rate_import.pk)
    rate_import.refresh_from_db()
    assert (rate_import.state, rate_import.notifies) == (ImportState.APPLIED, True)
    text = get(client, "import_detail", rate_import.pk).content.decode()
    assert reverse("tariffs:import_undo", args=[rate_import.pk]) in text
    assert "letters to the customers" in text
    question = get(client, "import_undo", rate_import.pk).content.decode()
    assert "Roll back own.csv?" in question
    post(client, "import_undo", rate_import.pk)
    assert "Rolling the sheet back" in get(client, "import_detail", rate_import.pk).content.decode()
    roll_back_import(rate_import.pk)
    assert "is rolled back" in get(client, "import_detail", rate_import.pk).content.decode()
    assert not Rate.objects.filter(tariff=retail, prefix="34").exists()


def test_a_rate_without_names_gets_those_of_its_prefix(world, retail):
    post(
        login(world, "reseller"),
        "rate_create",
        retail.pk,
        prefix="2348021",
        price_1="0.1",
        price_n="0.1",
        interval_1="1",
        interval_n="1",
    )
    rate = Rate.objects.get(tariff=retail, prefix="2348021")
    assert (rate.destination, rate.country) == ("Nigeria Mobile Airtel", "NG")
