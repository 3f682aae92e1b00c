"""Drafts of rate sheets as what-ifs see them, against the same sheets once they are applied."""

import random
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.utils.timezone import now

from calls.selectors.what_if import ResultSearch, result_of
from calls.services.charging import charge_pending
from calls.services.what_if.questions import Change
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.exports import csv_lines
from tariffs.models import Rate, RateImport, Tariff
from tariffs.rating.book import NO_RATE, RateBook, to_microseconds
from tariffs.rating.keys import keys_of_texts
from tariffs.selectors import draft_columns, full_force_at, rate_columns
from tariffs.services.imports.applying import apply_import
from tariffs.services.imports.checking import check_import
from tariffs.services.imports.uploads import cancel_import, request_apply, start_import
from tests.calls.stored import store_call
from tests.calls.what_if import asked
from tests.world import World

pytestmark = pytest.mark.django_db
PREFIXES = ("44", "4420", "447", "1", "33", "49", "4930", "81")
NUMBERS = [f"{prefix}{rest}" for prefix in PREFIXES for rest in ("", "5550101", "2071234567")]


def checked(actor: Actor, tariff: Tariff, lines: list[list[object]], *, full: bool) -> RateImport:
    """A previewed sheet."""
    content = b"".join(csv_lines(["Prefix", "Price", "Effective", "Status"], lines))
    made = start_import(
        actor=actor,
        tariff=tariff,
        file=ContentFile(content, name="new.csv"),
        name="new.csv",
        is_full_replacement=full,
        by_job=False,
    )
    check_import(made.pk)
    made.refresh_from_db()
    assert made.state == "ready", (made.failure, list(made.errors.values()))
    return made


def some_lines(chance: random.Random) -> list[list[object]]:
    """Lines of the next weeks, some of one prefix at several dates, some that close."""
    found: dict[tuple[str, str], list[object]] = {}
    for prefix in chance.choices(PREFIXES, k=9):
        day = (now() + timedelta(days=chance.randrange(0, 30))).date().isoformat()
        status = "blocked" if chance.random() < 0.15 else ""
        found[prefix, day] = [prefix, f"0.{chance.randrange(10**6):06}", day, status]
    return list(found.values())


def announce(tariff: Tariff, chance: random.Random) -> None:
    """New prices that are known already, one of them with an end."""
    for prefix in chance.sample(PREFIXES, 3):
        at = now() + timedelta(days=chance.randrange(1, 30), hours=5)
        Rate.objects.filter(tariff=tariff, prefix=prefix).update(valid_till=at)
        end = at + timedelta(days=9) if chance.random() < 0.4 else None
        Rate.objects.create(
            tariff=tariff, prefix=prefix, price_1=9, price_n=9, valid_from=at, valid_till=end
        )


def prices(book: RateBook, at: int) -> list[tuple[int, ...] | None]:
    """What each number costs by a book at a moment."""
    keys = keys_of_texts(NUMBERS)
    rows = book.match(keys, np.full(len(keys), at, dtype=np.int64))
    columns = book.columns
    return [
        None
        if row == NO_RATE
        else (
            int(columns.price_1[row]), int(columns.price_n[row]), int(columns.interval_1[row]),
            int(columns.interval_n[row]), int(columns.is_forbidden[row]),
        )
        for row in rows.tolist()
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_a_draft_is_what_applying_leaves_in_full_force(world: World, seed: int) -> None:
    chance = random.Random(seed)
    actor, tariff = world.actor("reseller"), Tariff.objects.get(name="Retail")
    announce(tariff, chance)
    sheet = checked(actor, tariff, some_lines(chance), full=seed % 2 == 1)
    at = full_force_at(sheet)
    moment = to_microseconds(at)
    before = prices(RateBook(rate_columns(tariff.pk)), moment)
    draft = prices(RateBook(draft_columns(sheet, at)), moment)
    request_apply(actor=actor, rate_import=sheet, by_job=False)
    apply_import(sheet.pk)
    assert draft == prices(RateBook(rate_columns(tariff.pk)), moment)
    assert draft != before


def test_a_draft_is_tried_and_comes_true_once_it_is_applied(world: World) -> None:
    actor, tariff = world.actor("reseller"), Tariff.objects.get(name="Retail")
    for number in ("442071234567", "12125550100"):
        store_call(world.sub_customer, number, 61)
    charge_pending()
    sheet = checked(actor, tariff, [["4420", "0.9", "", ""]], full=False)
    change = Change(kind="draft", rate_import=sheet.pk)
    said = result_of(asked(actor, change), ResultSearch()).total
    request_apply(actor=actor, rate_import=sheet, by_job=False)
    apply_import(sheet.pk)
    moment = now()
    for number in ("442071234567", "12125550100"):
        store_call(world.sub_customer, number, 61, at=moment)
    charge_pending()
    again = Change(tariff=tariff.pk, time="call")
    came = result_of(
        asked(actor, again, since=moment, until=moment + timedelta(days=1)), ResultSearch()
    ).total
    assert came.revenue_before == said.revenue_after
    assert said.revenue_change is not None
    assert said.revenue_change > Decimal("0.5")


def test_an_offer_of_the_provider_is_tried_on_what_one_pays(world: World) -> None:
    actor, tariff = world.actor("reseller"), Tariff.objects.get(name="Retail")
    store_call(world.sub_customer, "442071234567", 60)
    charge_pending()
    sheet = checked(actor, tariff, [["4420", "0.001", "", ""]], full=False)
    change = Change(side="buy", kind="draft", rate_import=sheet.pk)
    total = result_of(asked(actor, change), ResultSearch()).total
    assert total.revenue_after == total.revenue_before
    assert (total.cost_after or 0) < (total.cost_before or 0)


def test_a_sheet_that_is_given_up_is_no_draft(world: World) -> None:
    actor, tariff = world.actor("reseller"), Tariff.objects.get(name="Retail")
    sheet = checked(actor, tariff, [["4420", "0.9", "", ""]], full=False)
    cancel_import(actor=actor, rate_import=sheet)
    with pytest.raises(DomainError, match="not applied"):
        asked(actor, Change(kind="draft", rate_import=sheet.pk))
