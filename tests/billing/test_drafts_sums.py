"""What a draft says beside its calls, its terms and sums, and what comes of a period."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.choices import EntryKind, PeriodOutcome
from billing.models import (
    Balance,
    BillingPeriod,
    Invoice,
    InvoiceSettings,
    Logo,
    PaymentTerm,
    Tax,
    TaxRate,
)
from billing.services.accounts import AccountTariff, open_account
from billing.services.drafts import draft_periods
from billing.services.ledger import Posting, post_entry
from billing.services.maintenance import bring_to_zero
from calls.services.charging import charge_pending
from customers.services.parameters import set_parameters
from tariffs.models import Tariff, TariffVersion
from tests.billing.drafts import (
    CLOSED,
    DAY,
    LONDON,
    PARIS,
    D,
    assert_calls_add_up,
    call,
    closed_period,
    draft_all,
    drafted,
    figures,
    lines_of,
    post,
    settings_of,
    terms,
)
from tests.calls.stored import START, store_call
from tests.world import OPENED, World


def test_adjustments_are_lines_and_payments_are_not(world: World) -> None:
    """100 to begin with; in March 5 debit, 2 credit taken back, 30 paid, 1 written off."""
    post(world, "debit", "5.005", "Line rental")
    credit = post(world, "credit", "2", "Sorry")
    post(world, "add_funds", "30")
    actor, balance = world.actor("sub_reseller"), world.balance("shop")
    reversal = Posting("reversal", D(-2), "GBP", "back", reverses=credit)
    post_entry(actor=actor, balance_id=balance.pk, posting=reversal, at=START)
    written_off = Posting(EntryKind.WRITE_OFF, D(1), "GBP", "off")
    post_entry(actor=actor, balance_id=balance.pk, posting=written_off, at=START)
    call(world, PARIS, 600)
    charge_pending()
    invoice = drafted(balance)
    assert lines_of(invoice, "description", "exact", "amount", kind="adjustment") == [
        ("Line rental", D("5.005"), D("5.01")),
        ("Sorry", D(-2), D(-2)),
        ("Reversal: Sorry", D(2), D(2)),
    ]
    assert figures(invoice) == {
        "net": D("5.91"),
        "tax": 0,
        "total": D("5.91"),
        "previous_balance": D(100),
        "payments": D(30),
        "other": D(1),
        "closing_balance": D("125.09"),
        "amount_due": 0,
    }


def test_the_balance_before_is_that_of_all_earlier_periods(world: World) -> None:
    balance = world.balance("shop")
    post(world, "debit", "150", at=START - 20 * DAY)
    call(world, PARIS, at=START - 20 * DAY)  # 0.09
    call(world, PARIS)
    call(world, PARIS, at=START + 31 * DAY)  # after it: counts for nothing
    charge_pending()
    post(world, "add_funds", "7", at=START + 31 * DAY)
    invoice = drafted(balance)
    assert invoice.previous_balance == D("-50.09")
    assert (invoice.payments, invoice.closing_balance) == (D(0), D("-50.18"))
    assert invoice.amount_due == D("50.18")


def test_the_tax_that_was_chosen(world: World) -> None:
    tax = Tax.objects.create(
        owner=world.sub_reseller, name="VAT", mode="added", category="S", reason="Why not"
    )
    TaxRate.objects.create(tax=tax, position=1, name="VAT", percent=20)
    TaxRate.objects.create(tax=tax, position=2, name="City", percent=10, is_compound=True)
    terms(world, tax=tax, tax_percent=D(50))
    call(world, PARIS, 6000)  # 9.00
    charge_pending()
    invoice = drafted(world.balance("shop"))
    assert list(invoice.taxes.values_list("position", "name", "percent", "base", "amount")) == [
        (1, "VAT", D(20), D(9), D("1.80")),
        (2, "City", D(10), D("10.80"), D("1.08")),
    ]
    assert (invoice.net, invoice.tax, invoice.total) == (D(9), D("2.88"), D("11.88"))
    assert (invoice.tax_mode, invoice.tax_category) == ("added", "S")
    assert invoice.tax_reason == "Why not"


def test_a_bare_percentage_is_added(world: World) -> None:
    terms(world, tax_percent=D("7.5"))
    call(world, PARIS, 6000)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    assert list(invoice.taxes.values_list("name", "percent", "amount")) == [
        ("Tax", D("7.5"), D("0.68"))
    ]
    assert (invoice.tax_mode, invoice.total) == ("added", D("9.68"))


def test_the_terms_that_an_invoice_keeps(world: World) -> None:
    owner = world.sub_reseller
    logo = Logo.objects.create(owner=owner, digest="0" * 64, media_type="image/png", content=b"x")
    settings_of(
        world, series="S-", credit_series="C-", invoice_format="html", rate_decimals=3,
        sections=["tax", "cdrs"], language="es", header="Hello", footer="Bye",
        payment_text="To the bank", logo=logo, is_e_invoice=True,
    )  # fmt: skip
    term = PaymentTerm.objects.create(owner=owner, name="Net 30", due_days=30, grace_days=3)
    terms(world, payment_term=term, rounding="line")
    call(world, PARIS)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    assert invoice.logo == logo
    assert invoice.terms == {
        "format": "html",
        "rate_decimals": 3,
        "rate_value": "actual",
        "grouping": "destination",
        "sections": ["tax", "cdrs"],
        "rounding": "line",
        "language": "es",
        "timezone": str(world.balance("shop").period_timezone),
        "due_days": 30,
        "grace_days": 3,
        "series": "S-",
        "credit_series": "C-",
        "accent": "#2d52c4",
        "is_e_invoice": True,
        "texts": {"header": "Hello", "footer": "Bye", "payment": "To the bank"},
    }


@pytest.mark.parametrize(
    ("zone", "hour", "moment", "expected"),
    [
        ("Europe/Berlin", 6, CLOSED, datetime(2026, 4, 2, 4, tzinfo=UTC)),
        ("Europe/Berlin", 8, CLOSED, CLOSED),
        ("UTC", 5, CLOSED, datetime(2026, 4, 2, 5, tzinfo=UTC)),
        # 02:30 is skipped on 29 March: the first existing time is 03:00
        ("Europe/Berlin", 2, datetime(2026, 3, 29, 0, tzinfo=UTC),
         datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_when_it_is_issued_by_itself(
    world: World, zone: str, hour: int, moment: datetime, expected: datetime
) -> None:
    at = datetime(2026, 1, 1, hour, 30 if hour == 2 else 0).time()  # noqa: DTZ001
    terms(world, auto_invoice=True, invoice_at=at, invoice_timezone=zone)
    call(world, PARIS)
    charge_pending()
    assert drafted(world.balance("shop"), moment=moment).issue_after == expected


def test_a_person_issues_what_is_not_automatic(world: World) -> None:
    call(world, PARIS)
    charge_pending()
    assert drafted(world.balance("shop")).issue_after is None


@pytest.mark.parametrize(
    ("minimum", "expected"), [("10", "9.10"), ("0.90", None), ("0.9049", None), ("0.905", "0.01")]
)
def test_the_minimum_commitment(world: World, minimum: str, expected: str | None) -> None:
    terms(world, minimum_commitment=D(minimum))
    call(world, PARIS, 600)  # 0.90
    charge_pending()
    post(world, "debit", "100", "No call")
    invoice = drafted(world.balance("shop"))
    wanted = [] if expected is None else [(D(expected), D(expected))]
    assert lines_of(invoice, "exact", "amount", kind="minimum") == wanted


def test_of_a_part_of_a_period_that_part_is_committed(world: World) -> None:
    """It came on the 21st of a month of 31 days: 11 of them are committed to."""
    balance = world.balance("sub_customer")
    balance.opened_at = datetime(2026, 3, 21, 15, tzinfo=UTC)
    balance.save(update_fields=["opened_at"])
    set_parameters(
        actor=world.actor("reseller"),
        customer=world.sub_customer,
        values={"minimum_commitment": D(100)},
    )
    invoice = drafted(balance, START + 14 * DAY)
    assert lines_of(invoice, "amount", "since", "until") == [
        (D("35.48"), date(2026, 3, 21), date(2026, 3, 31))
    ]


def test_nothing_to_invoice_makes_no_invoice(world: World) -> None:
    balance = world.balance("shop")
    call(world, PARIS, 0)
    charge_pending()
    post(world, "add_funds", "5")
    period = closed_period(balance)
    assert draft_all(period) == {period.pk: PeriodOutcome.ZERO}
    assert not Invoice.objects.exists()


def test_an_invoice_of_zero_where_it_is_wanted(world: World) -> None:
    terms(world, invoice_non_zero_only=False)
    invoice = drafted(world.balance("shop"))
    assert (invoice.total, lines_of(invoice, "pk")) == (D(0), [])


def test_usage_that_a_credit_makes_up_for_makes_no_invoice(world: World) -> None:
    call(world, PARIS)
    charge_pending()
    post(world, "credit", "0.09")
    period = closed_period(world.balance("shop"))
    assert draft_all(period) == {period.pk: PeriodOutcome.ZERO}


def test_a_minimum_reaches_the_ledger_also_where_a_credit_makes_up_for_it(world: World) -> None:
    terms(world, minimum_commitment=D(10))
    post(world, "credit", "10")
    invoice = drafted(world.balance("shop"))
    assert (invoice.total, lines_of(invoice, "kind")) == (D(0), [("adjustment",), ("minimum",)])


def test_tariffs_that_are_not_billed(world: World) -> None:
    TariffVersion.objects.filter(tariff__name="Street").update(is_not_billed=True)
    terms(
        world, minimum_commitment=D(10), invoice_non_zero_only=False, short_calls=True,
        short_call_percent=D(1), short_call_price=D(1),
    )  # fmt: skip
    call(world, PARIS, 5)
    charge_pending()
    period = closed_period(world.balance("shop"))
    assert draft_all(period) == {period.pk: PeriodOutcome.NOT_BILLED}
    assert not Invoice.objects.exists()


def test_of_a_period_partly_not_billed_the_rest_is(world: World) -> None:
    first = TariffVersion.objects.get(tariff__name="Street")
    moment = START + 5 * DAY
    TariffVersion.objects.filter(pk=first.pk).update(valid_till=moment)
    TariffVersion.objects.create(tariff=first.tariff, valid_from=moment, is_not_billed=True)
    call(world, PARIS)
    call(world, LONDON, at=moment + DAY)
    charge_pending()
    assert lines_of(drafted(world.balance("shop")), "description", "exact") == [
        ("Prefix 33", D("0.09"))
    ]


def test_an_account_is_invoiced_by_its_customer(world: World) -> None:
    account = open_account(
        actor=world.actor("shop"),
        customer=world.shop,
        auth_name="own",
        by_itself=AccountTariff(Tariff.objects.get(name="Street")),
        opened_at=OPENED,
    )
    terms(world, tax_percent=D(20), minimum_commitment=D(50), auto_invoice=True)
    InvoiceSettings.objects.create(owner=world.shop, name="Mine", series="M-", non_zero_only=False)
    store_call(world.shop, PARIS, account=account)
    charge_pending()
    invoice = drafted(account.balance)
    assert (invoice.issuer, invoice.account, invoice.total) == (world.shop, account, D("0.09"))
    assert (invoice.terms["series"], invoice.issue_after) == ("M-", None)
    assert lines_of(invoice, "kind") == [("usage",)]
    assert_calls_add_up(invoice)
    assert drafted(world.balance("shop")).total == D("60.00")  # its own: the minimum, and tax


def test_who_left_is_invoiced_by_what_the_old_owner_defined(world: World) -> None:
    """Parameters are between a customer and its present owner."""
    terms(world, tax_percent=D(20))
    InvoiceSettings.objects.create(owner=world.sub_reseller, name="Old", series="OLD-")
    call(world, PARIS)
    charge_pending()
    balance = world.balance("shop")
    period = closed_period(balance)
    balance.closed_at = CLOSED
    balance.save(update_fields=["closed_at"])
    draft_all(period)
    invoice = Invoice.objects.get()
    assert (invoice.terms["series"], invoice.tax) == ("OLD-", D(0))


def test_who_left_is_invoiced_as_the_last_time(world: World) -> None:
    """Its parameters went with the move, but the last invoice tells how it was taxed."""
    terms(world, tax_percent=D(20), rounding="line")
    settings_of(world, series="OLD-", grouping="prefix", language="es")
    for days in (0, 31):
        call(world, PARIS, 600, at=START + days * DAY)
    charge_pending()
    balance = world.balance("shop")
    first = drafted(balance)
    period = closed_period(balance, START + 31 * DAY)
    terms(world, tax_percent=None, invoice_settings=None)
    Balance.objects.filter(pk=balance.pk).update(closed_at=period.ends_at)
    draft_all(period)
    last = Invoice.objects.get(period=period)
    assert (last.terms, last.tax_mode) == (first.terms, "added")
    assert [last.net, last.tax] == [D("0.90"), D("0.18")]
    assert lines_of(last, "prefix") == [("33",)]


def test_the_number_of_statements_does_not_grow(world: World) -> None:
    for days in (0, 31, 61):
        for customer in (world.shop, world.sub_customer, world.sub_reseller, world.reseller):
            store_call(customer, PARIS, at=START + days * DAY)
    charge_pending()
    whose = ["shop", "sub_customer", "sub_reseller", "reseller"]
    periods = [
        closed_period(world.balance(who), START + days * DAY)
        for days in (0, 31, 61)
        for who in whose
    ]
    counts = []
    for some in (periods[:1], periods[1:]):
        with (
            transaction.atomic(),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            draft_periods(some, moment=CLOSED)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20
    assert Invoice.objects.count() == len(periods)


def test_a_reset_is_no_line(world: World) -> None:
    bring_to_zero(
        actor=world.actor("sub_reseller"),
        balance=world.balance("shop"),
        kind=EntryKind.RESET,
        reason="Anew",
        at=START,
    )
    call(world, PARIS)
    charge_pending()
    invoice = drafted(world.balance("shop"))
    assert (invoice.previous_balance, invoice.other, invoice.payments) == (D(100), D(-100), D(0))
    assert invoice.amount_due == D("0.09")


@pytest.mark.django_db(transaction=True)
def test_drafts_are_computed_under_locks() -> None:
    with pytest.raises(RuntimeError, match="locks"):
        draft_periods([BillingPeriod()], moment=CLOSED)
