"""An invoice that never was: what the page of invoice settings shows while they are edited."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import override

from billing.choices import InvoiceKind, InvoiceState, LineGrouping, TaxCategory, TaxMode
from billing.selectors.document_parts import (
    Document,
    DocumentLine,
    LineGroup,
    Party,
    Payment,
    RateRow,
    Share,
    Shares,
    Style,
    Sums,
    TaxRow,
)
from billing.selectors.documents import style_of
from billing.selectors.parties import party, party_data
from customers.choices import InvoiceSection
from customers.models import Customer
from softswitch.core.display import country_text

D = Decimal
# Destination, prefix, country, calls, minutes, rate, amount.
CALLS = (
    ("UK Geographic", "44", "GB", 812, 2000, D("0.0031"), D("6.20")),
    ("UK Mobile", "447", "GB", 530, 1200, D("0.0118"), D("14.16")),
    ("France Mobile", "336", "FR", 96, 300, D("0.0330"), D("9.90")),
)
CALLED, RENT, CREDIT, VAT = D("30.26"), D("45.00"), D("-5.26"), D("14.00")
NET, BEFORE = D("70.00"), D("50.00")
NUMBER = "000017"


def sample_document(
    owner: Customer, terms: Mapping[str, Any], *, series: str, logo: str = ""
) -> Document:
    """An issued invoice of ``owner`` as ``terms`` (columns of InvoiceSettings) would show it.

    ``logo`` is a data URI. Its sums add up like those of any other.
    """
    today = localdate()
    style = replace(style_of(terms, logo=None, language=owner.language), logo=logo)
    with override(style.language):
        return Document(
            kind=InvoiceKind.INVOICE,
            state=InvoiceState.ISSUED,
            number=series.replace("{year}", str(today.year)) + NUMBER,
            issuer=party(party_data(owner)),
            customer=Party(_("The customer"), (_("Street and number"), _("Town")), "", "GB 000"),
            currency=settings.BASE_CURRENCY,
            zone=str(owner.timezone),
            starts_on=today.replace(month=1, day=1),
            ends_on=today.replace(month=1, day=31),
            issued_on=today.replace(month=2, day=1),
            due_on=today.replace(month=2, day=15),
            groups=tuple(_groups(str(terms["grouping"]))),
            taxes=(TaxRow(_("VAT"), D(20), NET, VAT),),
            tax_mode=TaxMode.ADDED,
            tax_category=TaxCategory.STANDARD,
            tax_reason="",
            sums=_sums(),
            style=style,
            shares=tuple(_shares(style, today)),
            rates=tuple(_rates(style)),
            payments=tuple(_payments(style, today)),
            annex_url="#" if InvoiceSection.CDRS in style.sections else "",
        )


def _sums() -> Sums:
    total = NET + VAT
    return Sums(
        net=NET,
        tax=VAT,
        total=total,
        open_amount=total,
        previous_balance=-BEFORE,
        payments=BEFORE,
        closing_balance=-total,
        amount_due=total,
    )


def _groups(grouping: str) -> Iterable[LineGroup]:
    lines = [
        DocumentLine(
            description=name,
            amount=amount,
            prefix=prefix,
            country=country,
            calls=calls,
            seconds=minutes * 60,
            rate=rate,
        )
        for name, prefix, country, calls, minutes, rate, amount in CALLS
    ]
    if grouping == LineGrouping.COUNTRY:
        lines = [
            DocumentLine(row.name, row.amount, calls=row.calls, seconds=row.seconds)
            for row in _by_country()
        ]
    yield LineGroup(lines=tuple(lines), grouping=grouping)
    yield LineGroup(
        lines=(
            DocumentLine(_("Trunk rent"), RENT, quantity=D(6), rate=D("7.50")),
            DocumentLine(_("Credit: calls delivered twice"), CREDIT),
        )
    )


def _by_country() -> list[Share]:
    found: dict[str, Share] = {}
    for _name, _prefix, country, calls, minutes, _rate, amount in CALLS:
        before = found.get(country) or Share(country_text(country), 0, 0, D(0))
        found[country] = replace(
            before,
            calls=before.calls + calls,
            seconds=before.seconds + minutes * 60,
            amount=before.amount + amount,
        )
    return list(found.values())


def _shares(style: Style, today: date) -> Iterable[Shares]:
    calls, minutes = sum(row[3] for row in CALLS), sum(row[4] for row in CALLS)
    whole = Share(_("Main trunk"), calls, minutes * 60, CALLED)
    if InvoiceSection.BY_COUNTRY in style.sections:
        yield Shares(InvoiceSection.BY_COUNTRY, tuple(_by_country()))
    if InvoiceSection.BY_TRUNK in style.sections:
        yield Shares(InvoiceSection.BY_TRUNK, (whole,))
    if InvoiceSection.BY_DAY in style.sections:
        day = replace(whole, day=today.replace(month=1, day=12))
        yield Shares(InvoiceSection.BY_DAY, (day,))


def _rates(style: Style) -> Iterable[RateRow]:
    if InvoiceSection.RATE_TABLE in style.sections:
        for name, prefix, _country, _calls, _minutes, rate, _amount in CALLS:
            yield RateRow(prefix, name, rate, rate, 60, 1)


def _payments(style: Style, today: date) -> Iterable[Payment]:
    if InvoiceSection.PAYMENTS in style.sections:
        yield Payment(today.replace(month=1, day=20), _("Add funds"), _("Bank transfer"), BEFORE)
