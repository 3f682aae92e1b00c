"""Rate imports: check, preview, apply: all or nothing, once, whoever dies when."""

import threading
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.timezone import now

from softswitch.core.errors import DomainError
from tariffs.choices import Change, ImportState
from tariffs.models import Rate, RateImport, RateImportRow, Tariff
from tariffs.parsers.destinations import country_code
from tariffs.services.imports import leases
from tariffs.services.imports.applying import apply_import
from tariffs.services.imports.checking import check_import
from tariffs.services.imports.uploads import cancel_import, request_apply, start_import
from tariffs.services.tariffs import NewRate, create_tariff, set_rate
from tests.world import World, build_world

HEAD = "Prefix,Destination,Price,Billing\n"


def wholesale() -> Tariff:
    tariff: Tariff = Tariff.objects.get(name="Wholesale")
    return tariff


def uploaded(world: World, text: str, tariff: Tariff | None = None, **options) -> RateImport:
    return start_import(
        actor=world.actor("operator"),
        tariff=tariff or wholesale(),
        file=ContentFile(text.encode(), name="sheet.csv"),
        name="sheet.csv",
        **options,
    )


def checked(world: World, text: str, tariff: Tariff | None = None, **options) -> RateImport:
    found = uploaded(world, text, tariff, **options)
    check_import(found.pk)
    found.refresh_from_db()
    return found


def applied(world: World, rate_import: RateImport) -> RateImport:
    request_apply(actor=world.actor("operator"), rate_import=rate_import)
    apply_import(rate_import.pk)
    rate_import.refresh_from_db()
    return rate_import


def current(tariff: Tariff) -> dict[str, Decimal]:
    rows = Rate.objects.filter(tariff=tariff).valid_at(now())
    assert rows.count() == rows.values("prefix").distinct().count()
    return dict(rows.values_list("prefix", "price_1"))


SHEET = (
    HEAD
    + "44,Prefix 44,0.03,60/6\n"  # 0.02
    + "4420,Prefix 4420,0.01,60/6\n"  # 0.015
    + "447,Prefix 447,0.05,60/6\n"  # the same
    + "1,Prefix 1,0.01,1/1\n"  # other intervals
    + "34,Spain,0.07,60/60\n"
)


def test_the_preview_says_what_would_change_and_nothing_has(world):
    before = current(wholesale())
    rate_import = checked(world, SHEET)
    assert rate_import.state == ImportState.READY
    assert rate_import.counts == {
        "new": 1,
        "increased": 1,
        "decreased": 1,
        "changed": 1,
        "unchanged": 1,
        "closed": 0,
        "rejected": 0,
    }
    assert current(wholesale()) == before
    increased = rate_import.rows.get(change=Change.INCREASED)
    assert (increased.price_before, increased.price_n) == (Decimal("0.02"), Decimal("0.03"))


def test_applying_closes_the_old_rows_and_opens_new_ones_at_once(world):
    tariff = wholesale()
    revision = tariff.rates_revision
    rate_import = applied(world, checked(world, SHEET))
    assert rate_import.state == ImportState.APPLIED
    assert current(tariff)["44"] == Decimal("0.03")
    assert current(tariff)["34"] == Decimal("0.07")
    assert current(tariff)["33"] == Decimal("0.03")  # not in the sheet, not touched
    old, new = Rate.objects.filter(tariff=tariff, prefix="44").order_by("valid_from")
    assert old.valid_till == new.valid_from
    assert new.valid_till is None
    assert Rate.objects.filter(tariff=tariff, prefix="447").count() == 1
    tariff.refresh_from_db()
    assert tariff.rates_revision == revision + 1


def test_applying_twice_changes_nothing(world):
    rate_import = applied(world, checked(world, SHEET))
    rows = list(Rate.objects.order_by("pk").values())
    apply_import(rate_import.pk)
    request_apply(actor=world.actor("operator"), rate_import=rate_import)
    apply_import(rate_import.pk)
    assert list(Rate.objects.order_by("pk").values()) == rows
    again = checked(world, SHEET)
    assert again.counts["unchanged"] == 5
    applied(world, again)
    assert list(Rate.objects.order_by("pk").values()) == rows


def test_one_rejected_line_stops_the_whole_sheet(world):
    before = list(Rate.objects.order_by("pk").values())
    rate_import = checked(world, SHEET + "5o9,Haiti,0.1,1/1\n")
    assert rate_import.state == ImportState.REJECTED
    assert rate_import.counts["rejected"] == 1
    error = rate_import.errors.get()
    assert (error.line, error.field, error.raw) == (7, "prefix", "5o9,Haiti,0.1,1/1")
    with pytest.raises(DomainError) as refused:
        request_apply(actor=world.actor("operator"), rate_import=rate_import)
    assert refused.value.code == "rejected_lines"
    apply_import(rate_import.pk)
    assert list(Rate.objects.order_by("pk").values()) == before


def test_contradicting_lines_are_named_and_repeated_ones_are_one(world):
    sheet = HEAD + "44,A,0.1,1/1\n44,B,0.2,1/1\n33,C,0.1,1/1\n33,D,0.1,1/1\n"
    rate_import = checked(world, sheet)
    reasons = {(error.line, error.reason) for error in rate_import.errors.all()}
    text = "Prefix 44 is given several times, differently: lines 2, 3."
    assert reasons == {(2, text), (3, text)}
    assert list(rate_import.rows.values_list("prefix", "destination")) == [("33", "C")]


def test_a_complete_sheet_closes_what_it_does_not_hold(world):
    tariff = wholesale()
    rate_import = checked(world, HEAD + "44,UK,0.02,60/6\n", is_full_replacement=True)
    closed = set(rate_import.rows.filter(change=Change.CLOSED).values_list("prefix", flat=True))
    assert closed == {"", "4420", "447", "1", "33"}
    applied(world, rate_import)
    assert set(current(tariff)) == {"44"}


def test_future_prices_are_announced_replaced_and_withdrawn(world):
    tariff = wholesale()
    day = (now() + timedelta(days=30)).date().isoformat()
    head = "Prefix,Price,Effective,Status\n"
    applied(world, checked(world, head + f"44,0.09,{day},\n"))
    assert current(tariff)["44"] == Decimal("0.02")
    assert Rate.objects.filter(tariff=tariff, prefix="44").count() == 2
    applied(world, checked(world, head + f"44,0.08,{day},\n"))
    rows = Rate.objects.filter(tariff=tariff, prefix="44").order_by("valid_from")
    assert [row.price_1 for row in rows] == [Decimal("0.02"), Decimal("0.08")]
    applied(world, checked(world, head + "44,0.03,,\n"))
    now_three = list(Rate.objects.filter(tariff=tariff, prefix="44").order_by("valid_from"))
    prices = [row.price_1 for row in now_three]
    assert prices == [Decimal("0.02"), Decimal("0.03"), Decimal("0.08")]
    assert all(one.valid_till == two.valid_from for one, two in pairwise(now_three))
    applied(world, checked(world, head + "44,,,Closed\n"))
    assert "44" not in current(tariff)
    assert not Rate.objects.filter(tariff=tariff, prefix="44", valid_from__gt=now()).exists()


def test_dates_in_the_past_mean_at_once_where_calls_are_priced(world):
    tariff = wholesale()
    sheet = "Prefix,Price,Effective\n44,0.5,2020-01-01\n44,0.6,2021-01-01\n"
    before = now()
    applied(world, checked(world, sheet))
    row = Rate.objects.get(tariff=tariff, prefix="44", valid_till=None)
    assert (row.price_1, row.valid_from >= before) == (Decimal("0.6"), True)
    fresh = create_tariff(actor=world.actor("operator"), name="Fresh", currency="USD")
    applied(world, checked(world, sheet, fresh))
    starts = Rate.objects.filter(tariff=fresh).order_by("valid_from")
    assert [row.valid_from.year for row in starts] == [2020, 2021]
    assert starts[0].valid_till == starts[1].valid_from


def test_what_the_sheet_does_not_say_stays(world):
    rate_import = checked(world, "Prefix,Price\n44,0.04\n7,0.1\n")
    row, new = rate_import.rows.order_by("line")
    assert (row.interval_1, row.interval_n, row.destination) == (60, 6, "Prefix 44")
    assert (new.interval_1, new.interval_n) == (1, 1)


def test_rates_that_changed_since_the_check_are_checked_again(world):
    tariff, actor = wholesale(), world.actor("operator")
    rate_import = checked(world, SHEET)
    set_rate(
        actor=actor,
        tariff=tariff,
        rate=NewRate(prefix="34", price_1=Decimal(1), price_n=Decimal(1)),
    )
    applied(world, rate_import)
    assert rate_import.state == ImportState.UPLOADED
    assert current(tariff)["34"] == Decimal(1)
    check_import(rate_import.pk)
    rate_import.refresh_from_db()
    assert (rate_import.state, rate_import.counts["new"]) == (ImportState.READY, 0)
    assert applied(world, rate_import).state == ImportState.APPLIED


def test_a_dead_worker_is_followed_by_another_from_zero(world):
    rate_import = uploaded(world, SHEET)
    held = leases.take(rate_import.pk)
    assert held is not None
    check_import(rate_import.pk)  # somebody works on it
    rate_import.refresh_from_db()
    assert rate_import.state == ImportState.CHECKING
    assert leases.resume_stale() == 0
    RateImport.objects.update(updated_at=now() - leases.LEASE * 2)
    assert leases.resume_stale() == 1
    check_import(rate_import.pk)
    with pytest.raises(leases.LeaseLost):
        leases.renew(rate_import.pk, held, rows_done=5)
    rate_import.refresh_from_db()
    assert (rate_import.state, rate_import.rows.count()) == (ImportState.READY, 5)


def test_cancelling_drops_the_lines_and_is_final(world):
    actor = world.actor("operator")
    rate_import = checked(world, SHEET)
    cancel_import(actor=actor, rate_import=rate_import)
    cancel_import(actor=actor, rate_import=rate_import)
    assert not rate_import.rows.exists()
    with pytest.raises(DomainError):
        request_apply(actor=actor, rate_import=rate_import)
    done = applied(world, checked(world, SHEET))
    with pytest.raises(DomainError):
        cancel_import(actor=actor, rate_import=done)


def test_only_the_owner_of_the_tariff_imports_into_it(world):
    text = ContentFile(SHEET.encode(), name="sheet.csv")
    rate_import = checked(world, SHEET)
    for who in ("reseller", "other_reseller", "shop"):
        actor = world.actor(who)
        with pytest.raises(PermissionDenied):
            start_import(actor=actor, tariff=wholesale(), file=text, name="x")
        with pytest.raises(PermissionDenied):
            request_apply(actor=actor, rate_import=rate_import)
        with pytest.raises(PermissionDenied):
            cancel_import(actor=actor, rate_import=rate_import)
        assert not RateImport.objects.visible_to(actor).exists()
        assert not RateImportRow.objects.visible_to(actor).exists()


def test_an_empty_file_is_refused(world):
    with pytest.raises(DomainError) as refused:
        uploaded(world, "")
    assert refused.value.field == "file"


def test_countries_by_code_and_name():
    assert [country_code(text) for text in ("de", "Germany", "Nowhere", "")] == ["DE", "DE", "", ""]


def test_a_hundred_thousand_lines(world, django_assert_max_num_queries):
    lines = [
        f"{prefix},Place {prefix % 900},0.{prefix % 97:02}5,60/1"
        for prefix in range(200_000, 300_000)
    ]
    fresh = create_tariff(actor=world.actor("operator"), name="Large", currency="USD")
    with django_assert_max_num_queries(200):
        rate_import = checked(world, HEAD + "\n".join(lines), fresh)
        assert (rate_import.counts["new"], rate_import.rows_done) == (100_000, 100_001)
        applied(world, rate_import)
    assert Rate.objects.filter(tariff=fresh).count() == 100_000
    half = [line.replace(",0.", ",1.") for line in lines[::2]]
    second = checked(world, HEAD + "\n".join(half), fresh, is_full_replacement=True)
    assert (second.counts["increased"], second.counts["closed"]) == (50_000, 50_000)
    applied(world, second)
    assert len(current(fresh)) == 50_000


@pytest.mark.django_db(transaction=True)
def test_two_workers_apply_one_import_once(transactional_db):
    world = build_world()
    rate_import = checked(world, SHEET)
    request_apply(actor=world.actor("operator"), rate_import=rate_import)
    revision = wholesale().rates_revision
    failures: list[Exception] = []

    def work() -> None:
        try:
            apply_import(rate_import.pk)
        except Exception as error:  # noqa: BLE001 - reported below
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures
    assert wholesale().rates_revision == revision + 1
    assert Rate.objects.filter(prefix="34").count() == 1


def test_the_command_checks_applies_and_names_what_is_wrong(world, tmp_path, capsys):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(SHEET)
    call_command("import_rates", str(sheet), tariff="wholesale", dry_run=True)
    assert "34" not in current(wholesale())
    call_command("import_rates", str(sheet), tariff=str(wholesale().pk))
    assert current(wholesale())["34"] == Decimal("0.07")
    assert capsys.readouterr().out.endswith("Applied.\n")
    sheet.write_text(SHEET + "4x,Wrong,0.1,1/1\n")
    with pytest.raises(CommandError, match="applied as a whole"):
        call_command("import_rates", str(sheet), tariff="Wholesale")
    assert "line 7: prefix" in capsys.readouterr().err
    sheet.write_text("Destination,Price\nSpain,0.11\nNowhere,0.1\n")
    codes = tmp_path / "codes.csv"
    codes.write_text("Destination,Code\nSpain,34\nSpain,346\n")
    call_command("import_rates", str(sheet), tariff="Wholesale", codes=codes, leave_out=True)
    assert current(wholesale())["346"] == Decimal("0.11")
    with pytest.raises(CommandError, match="no tariff"):
        call_command("import_rates", str(sheet), tariff="Nothing")


DATED = "Prefix,Destination,Price,Billing,Valid from,Status\n"


@pytest.mark.parametrize(
    ("prefix", "lines", "changes", "prices"),
    [
        ("44", "0.03 0.02", "increased decreased", "0.03 0.02"),  # back to what it costs today
        ("44", "0.03 0.03", "increased unchanged", "0.03 0.03"),
        ("44", "0.02 0.03 0.02", "unchanged increased decreased", "0.02 0.03 0.02"),
        ("44", "closed 0.02", "closed new", " 0.02"),
        ("999", "0.03 closed", "new closed", "0.03 "),
        ("999", "closed 0.03", "unchanged new", " 0.03"),
        ("999", "0.02 0.03", "new increased", "0.02 0.03"),
    ],
)
def test_a_line_is_compared_with_the_one_before_it(world, prefix, lines, changes, prices):
    text, days = DATED, []
    for number, said in enumerate(lines.split()):
        days.append(now() + timedelta(days=10 * (number + 1)))
        price, status = ("0", said) if said == "closed" else (said, "")
        text += f"{prefix},Prefix {prefix},{price},60/6,{days[-1]:%Y-%m-%d},{status}\n"
    rate_import = applied(world, checked(world, text))
    rows = rate_import.rows.order_by("valid_from")
    assert " ".join(rows.values_list("change", flat=True)) == changes
    for day, price in zip(days, prices.split(" "), strict=True):
        rates = Rate.objects.filter(tariff=wholesale(), prefix=prefix).valid_at(day)
        expected = [Decimal(price)] if price else []
        assert list(rates.values_list("price_1", flat=True)) == expected
