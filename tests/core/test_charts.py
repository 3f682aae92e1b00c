"""Charts as numbers: where the steps of a price lie."""

from datetime import UTC, datetime
from decimal import Decimal

from softswitch.core.charts import Step, step_chart


def day(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


def test_steps_join_where_they_meet_and_leave_a_gap_where_they_do_not() -> None:
    chart = step_chart(
        "Price",
        [
            Step(day(1), day(6), Decimal("0.02")),
            Step(day(6), day(8), Decimal("0.04")),
            Step(day(9), day(11), Decimal("0.01")),
        ],
        [Step(day(1), day(11), Decimal(0))],
    )
    assert chart.paths == ["M0 50.00H500V0.00H700M800 75.00H1000", "M0 100.00H1000"]
    assert chart.y_labels == ["0.0400", "0.0300", "0.0200", "0.0100", "0.0000"]
    assert (chart.x_labels[0], chart.x_labels[2], chart.x_labels[4]) == (
        "1 Mar 2026",
        "6 Mar 2026",
        "11 Mar 2026",
    )


def test_a_free_price_of_no_length_is_drawn_too() -> None:
    chart = step_chart("Price", [Step(day(1), day(1), Decimal(0))])
    assert chart.paths == ["M0 100.00H0"]
    assert chart.y_labels[0] == "1.0000"
