"""Columns, display of values, filters, forms and paging without pages."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from softswitch.core import display, paging
from softswitch.core.choices import ToneChoices
from softswitch.core.filters import FilterSet, PatternFilter
from softswitch.core.forms import ScopedForm
from softswitch.core.paging import capped_count
from softswitch.core.tables import (
    DurationColumn,
    LinkColumn,
    MoneyColumn,
    PriceColumn,
    StatusColumn,
    Table,
    TextColumn,
)
from softswitch.core.templatetags.money import amount, balance, exact
from tests.core.conftest import Tree, add_customer

ACTOR = SimpleNamespace(can=lambda right: True)


class Payment(ToneChoices):
    OPEN = "open", "info", _("Open")
    LATE = "late", "bad", _("Overdue")


class MoneyTable(Table):
    sum = MoneyColumn(currency="currency", is_balance=True)
    fee = MoneyColumn(currency="currency", exact=True, show_code=False)
    price = PriceColumn()
    talked = DurationColumn()
    state = StatusColumn(Payment)


def row(**changes: object) -> SimpleNamespace:
    values = {"sum": Decimal("-1248.356"), "fee": Decimal("0.000001"), "price": Decimal("0.5")}
    return SimpleNamespace(
        pk=1, **values | {"currency": "GBP", "talked": 187, "state": "late"} | changes
    )


def cells(record: SimpleNamespace) -> dict[str, str]:
    table = MoneyTable([record], actor=ACTOR)
    return {column.name: str(cell) for column, cell in table.rows[0].items()}


def test_columns_show_what_a_reader_expects():
    assert cells(row()) == {
        "sum": '<span class="neg">−1,248.36</span> <span class="cur">GBP</span>',
        "fee": "0.000001",
        "price": "0.5000",
        "talked": "3:07",
        "state": '<span class="status bad">Overdue</span>',
    }


def test_what_is_missing_is_a_dash():
    assert cells(row(price=None, talked=None))["price"] == "–"


def test_exports_get_the_values_themselves():
    table = MoneyTable([], actor=ACTOR)
    values = next(table.values_of([row()]))
    assert values == [Decimal("-1248.356"), Decimal("0.000001"), Decimal("0.5"), 187, "Overdue"]


def test_unknown_tones_are_refused():
    with pytest.raises((ValueError, RuntimeError)):  # enum wraps it before Python 3.12

        class Bad(ToneChoices):
            PINK = "x", "pink", "Pink"


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1234.565", "USD", "1,234.57"),
        ("-0.001", "USD", "0.00"),
        ("-2204.6154", "BHD", "−2,204.615"),
        ("1234.5", "JPY", "1,235"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(value: str, currency: str, text: str):
    assert display.amount_text(Decimal(value), currency) == text


def test_amounts_follow_the_readers_language():
    with translation.override("es"):
        assert display.amount_text(Decimal("-12345.6"), "EUR") == "−12.345,60"
    with translation.override("ar"):
        assert display.amount_text(Decimal("-12345.6"), "EUR") == "−12,345.60"


def test_money_filters_mark_only_negative_balances():
    assert 'class="amount neg"' in balance(Decimal(-1), "USD")
    assert 'class="amount"' in amount(Decimal(-1), "USD")
    assert "0.0125" in exact(Decimal("0.0125"), "USD")
    assert balance(None, "USD") == "–"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.2, "1:00"), (187, "3:07"), (3723, "1:02:03")]
)
def test_durations(seconds: float, text: str):
    assert display.duration_text(Decimal(str(seconds))) == text


def test_moments_are_the_viewers():
    moment = dt.datetime(2026, 11, 18, 23, 30, 5, tzinfo=dt.UTC)
    with timezone.override("Europe/Berlin"):
        assert display.datetime_text(moment) == "19 Nov 2026 00:30:05"
        assert display.date_text(moment) == "19 Nov 2026"


@pytest.mark.django_db
def test_counting_stops_at_the_limit(tree: Tree, monkeypatch, django_assert_num_queries):
    for number in range(3):
        add_customer(f"Sub {number}", "business", tree.reseller)
    monkeypatch.setattr(paging, "COUNT_LIMIT", 5)
    with django_assert_num_queries(1):
        assert capped_count(Customer.objects.all()) == (5, True)
    monkeypatch.setattr(paging, "COUNT_LIMIT", 50)
    assert capped_count(Customer.objects.order_by("name")) == (Customer.objects.count(), False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pattern", "found"),
    [("Cal*", 1), ("*ONS", 0), ("*ons", 1), ("*e*", 3), ("Calder", 0), ("Calder Voice", 1)],
)
def test_patterns_are_anchored_unless_starred(tree: Tree, pattern: str, found: int):
    kind = type("Found", (FilterSet,), {"q": PatternFilter(field_name="name")})
    rows = Customer.objects.filter(is_root=False)
    assert kind({"q": pattern}, queryset=rows, actor=ACTOR).qs.count() == found


def test_a_form_fails_closed_on_models_without_a_scope():
    field = forms.ModelChoiceField(Group.objects.all())
    form = type("GroupForm", (ScopedForm,), {"group": field})
    with pytest.raises(ImproperlyConfigured, match="public_choices"):
        form(actor=ACTOR)
    public = type("PublicForm", (form,), {"public_choices": ("group",)})
    assert "group" in public(actor=ACTOR).fields


@pytest.mark.django_db
def test_an_export_reads_labels_paths_and_no_html(tree: Tree):
    class Sub(Table):
        name = LinkColumn("customers:customer_detail")
        kind = TextColumn()
        owner = TextColumn(accessor="owner__name")
        company_name = TextColumn()

        def render_company_name(self, value: str) -> str:
            return f"<b>{value}</b>"

        def value_company_name(self, value: str) -> str:
            return value.upper()

    tree.sub.company_name = "Hartwell Ltd"
    rows = Sub(Customer.objects.none(), actor=ACTOR).values_of([tree.sub, tree.root])
    assert list(rows) == [
        ["hartwell & sons", "Business", "Calder Voice", "HARTWELL LTD"],
        ["Operator", "Root", None, None],
    ]
