"""Amounts and prices in templates; see softswitch.core.display for the rules.

{% load money %}
{{ charge|amount:"GBP" }}    −1,248.36 GBP     {{ sum|balance:"GBP" }}  the same, red below zero
{{ price|price }}  0.0125     {{ charge|exact:"GBP" }}  0.0082 GBP, all stored decimals
{{ sum|plain:"GBP" }}        −1,248.36, where the currency is said once for a whole column
{{ price|piece:"GBP" }}      7.50, the price of a piece: the currency's decimals or more
{{ exchange_rate|rate }}     0.879271, an exchange rate in 6 decimals
"""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from softswitch.core.display import DASH, amount_text, number_text, price_text, stored_decimals
from softswitch.core.money import minor_units

register = template.Library()


def amount_html(text: str, currency: str, *, negative: bool = False) -> SafeString:
    """``text`` with the currency's code after it, isolated so that it stays LTR in RTL pages."""
    return format_html(
        '<span class="amount{}">{} <span class="cur">{}</span></span>',
        " neg" if negative else "",
        text,
        currency,
    )


@register.filter
def amount(value: Decimal | None, currency: str) -> str:
    """Rounded to the currency's decimals, its code after; a dash for None."""
    return DASH if value is None else amount_html(amount_text(value, currency), currency)


@register.filter
def plain(value: Decimal | None, currency: str) -> str:
    """Rounded to the currency's decimals, without its code; a dash for None."""
    return DASH if value is None else amount_text(value, currency)


@register.filter
def balance(value: Decimal | None, currency: str) -> str:
    """As ``amount``, marked red when negative: only for balances and available funds."""
    if value is None:
        return DASH
    return amount_html(amount_text(value, currency), currency, negative=value < 0)


@register.filter
def exact(value: Decimal | None, currency: str) -> str:
    """All stored decimals (4 at least) and the code: what is charged for a call."""
    return DASH if value is None else amount_html(price_text(value), currency)


@register.filter
def price(value: Decimal | None) -> str:
    """All stored decimals (4 at least), without a code."""
    return DASH if value is None else price_text(value)


@register.filter
def piece(value: Decimal | None, currency: str) -> str:
    """The price of one piece: the decimals of the currency, or as many as it needs."""
    if value is None:
        return DASH
    return number_text(value, stored_decimals(value, minor_units(currency)))


@register.filter
def rate(value: Decimal | None) -> str:
    """An exchange rate in 6 decimals, enough to recognise it; exports hold all 10."""
    return DASH if value is None else number_text(value, 6)
