"""The reader's language: in refusals, reasons, the menu, numbers, dates and money, and in tasks."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from celery import current_app
from django.utils.translation import get_language, gettext, ngettext, override, pgettext

from softswitch.core import nav
from softswitch.core.display import amount_text, date_text, listed, number_text, spoken
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue, task
from softswitch.core.reasons import Reason
from softswitch.core.validation import check_language

OVER_NIGHT = task("core.say_language")(get_language)


def test_refusals_are_in_the_readers_language() -> None:
    with override("es"), pytest.raises(DomainError) as refusal:
        check_language("xx")

    assert refusal.value.code == "invalid"
    assert refusal.value.message == "Elija un idioma del portal."


def test_reasons_of_pure_modules_are_spoken_in_it() -> None:
    reason = Reason("Line %(line)s: %(reason)s", line=3, reason=Reason("The file is empty."))

    with override("es"):
        assert spoken(reason) == "Línea 3: El archivo está vacío."


@pytest.mark.parametrize(
    ("language", "words", "phrases"),
    [("en", "a, 2, c", "a, 2; c"), ("es", "a, 2, c", "a, 2; c"), ("ar", "a، 2، c", "a، 2؛ c")],
)
def test_words_have_the_commas_of_it(language: str, words: str, phrases: str) -> None:
    with override(language):
        assert listed(["a", 2, "c"]) == words
        assert listed([listed("a2"), "c"], is_long=True) == phrases


def test_the_menu_is_in_it() -> None:
    class Anybody:
        account_id = None
        customer_id = 1
        is_root = False

        def can(self, _right: str) -> bool:
            return True

    with override("es"):
        items = nav.build(Anybody(), "", (("Dashboard", "dashboard", "", None, ()),))

    assert [item.label for item in items] == ["Panel"]


def test_each_number_has_its_form() -> None:
    def said(number: int) -> str:
        return ngettext("%(count)s customer", "%(count)s customers", number) % {"count": number}

    with override("ar"):
        assert len({said(n).strip("0123456789 ") for n in (0, 1, 2, 3, 11)}) >= 4
        assert said(111).replace("111", "11") == said(11)
    with override("es"):
        assert [said(1), said(2)] == ["1 cliente", "2 clientes"]


@pytest.mark.parametrize(
    ("language", "number", "amount", "day"),
    [
        ("en", "1,234,567", "−1,234.50", "21 Nov 2026"),
        ("es", "1.234.567", "−1.234,50", "21 nov 2026"),
        ("ar", "1,234,567", "−1,234.50", "21 نوفمبر 2026"),
    ],
)
def test_numbers_money_and_dates_are_in_its_style(
    language: str, number: str, amount: str, day: str
) -> None:
    with override(language):
        assert number_text(1_234_567, 0) == number
        assert amount_text(Decimal("-1234.5"), "EUR") == amount
        assert date_text(date(2026, 11, 21)) == day


@pytest.mark.django_db
def test_a_task_carries_the_language_of_who_asked(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[dict[str, Any]] = []

    def send(_name: str, **options: Any) -> None:
        sent.append(options)

    monkeypatch.setattr(current_app, "send_task", send)
    with django_capture_on_commit_callbacks(execute=True), override("ar"):
        enqueue("core.say_language")

    assert sent[0]["headers"] == {"language": "ar"}


def test_a_task_speaks_the_language_it_carries() -> None:
    say: Any = OVER_NIGHT

    with override("en"):
        assert say.apply(headers={"language": "es"}).get() == "es"
        assert say.apply().get() == "en"
        assert get_language() == "en"


def test_words_of_two_meanings_are_told_apart() -> None:
    with override("es"):
        assert gettext("Void") == "Anulada"
        assert pgettext("button", "Void") == "Anular"
