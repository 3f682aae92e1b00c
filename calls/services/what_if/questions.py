"""The question of a what-if: which calls, whose sums, and what other terms for which levels."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from calls.choices import ChangeKind, ChangeSide, ChangeTime
from calls.models import WhatIf
from calls.selectors.storage import archived_between
from calls.selectors.what_if import sellers_of
from calls.services.pricing import Terms
from calls.services.variants import Variant
from calls.services.what_if.computing import Lens
from calls.services.what_if.reading import Scope
from customers.selectors import spans_below
from softswitch.core.columns import FOREVER
from softswitch.core.errors import DomainError
from softswitch.core.moments import to_microseconds
from tariffs.choices import MarkupKind, Rounding
from tariffs.models import RateImport, Tariff
from tariffs.rating.book import RateBook
from tariffs.selectors import draft_columns, full_force_at, is_draft
from tariffs.services.copies import Markup, marked_rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Other terms for what is sold, or bought, as they are kept in ``WhatIf.changes``.

    ``replaces`` is the tariff that the calls went by; None is any, but for a draft and a mark-up
    of what is sold: then it is their own. ``tariff`` is by what they would go: of a draft its
    sheet's. A mark-up is that of a copy (tariffs.services.copies): ``amount`` by its ``markup``.
    """

    side: str = ChangeSide.SELL
    kind: str = ChangeKind.TARIFF
    tariff: int | None = None
    replaces: int | None = None
    rate_import: int | None = None
    time: str = ChangeTime.NOW
    at: datetime | None = None
    markup: str = MarkupKind.PERCENT
    amount: Decimal = Decimal(0)
    minimum: Decimal | None = None
    decimals: int = 4
    rounding: str = Rounding.HALF_UP
    on_connect_fee: bool = False

    def as_json(self) -> dict[str, Any]:
        """What is kept; amounts and moments as texts."""
        values = asdict(self)
        for name in ("amount", "minimum"):
            values[name] = None if values[name] is None else str(values[name])
        return values | {"at": self.at.isoformat() if self.at else None}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> "Change":
        at, minimum = values["at"], values["minimum"]
        return cls(
            **{
                **values,
                "at": datetime.fromisoformat(at) if at else None,
                "amount": Decimal(values["amount"]),
                "minimum": None if minimum is None else Decimal(minimum),
            }
        )

    @property
    def as_markup(self) -> Markup:
        return Markup.of(
            self.markup,
            self.amount,
            minimum=self.minimum,
            decimals=self.decimals,
            rounding=self.rounding,
            on_connect_fee=self.on_connect_fee,
        )


def check_stored(since: datetime, until: datetime) -> None:
    """Archived calls would be passed over, and the answer be one about others (``archived``)."""
    if archived := archived_between(since, until):
        text = _("Calls of %(month)s are archived: restore them first, or begin later.") % {
            "month": f"{archived[0]:%Y-%m}"
        }
        raise DomainError("archived", text, field="since")


def changes_of(what_if: WhatIf) -> list[Change]:
    """The other terms of a what-if."""
    return [Change.of_json(values) for values in what_if.changes]


def scope_of(what_if: WhatIf) -> Scope:
    """Which calls are read, and which of their levels."""
    payer = what_if.customer_id
    if payer is None and not what_if.seller.is_root:
        payer = what_if.seller_id
    return Scope(
        since=to_microseconds(what_if.since),
        until=to_microseconds(what_if.until),
        payer=payer,
        top=what_if.seller_id,
        sellers=tuple(sellers_of(what_if.seller, has_below=what_if.has_below)),
    )


def lens_of(what_if: WhatIf, sellers: tuple[int, ...]) -> Lens:
    """Whose sums are told: of sellers that moved only what they did below the asking customer."""
    spans = {}
    if not what_if.owner.is_root:
        for seller in sellers:
            if seller != what_if.owner_id:
                spans[seller] = _spans(seller, what_if.owner_id)
    moved = {seller: found for seller, found in spans.items() if found != [(0, FOREVER)]}
    return Lens(sellers, what_if.seller_id, what_if.tariff_id, moved)


def _spans(seller: int, owner: int) -> list[tuple[int, int]]:
    return [
        (0 if start is None else to_microseconds(start), to_microseconds(end) if end else FOREVER)
        for start, end in spans_below(seller, owner)
    ]


def variant_of(what_if: WhatIf, change: Change) -> Variant:
    """Which levels go by which terms. Raises DomainError where those are no more to be had."""
    at = {ChangeTime.NOW: what_if.terms_at, ChangeTime.DATE: change.at}.get(ChangeTime(change.time))
    sheet = _draft(change) if change.kind == ChangeKind.DRAFT else None
    tariff = sheet.tariff if sheet else Tariff.objects.get(pk=change.tariff or 0)
    terms = Terms(at=to_microseconds(at) if at else None)
    if sheet is not None:
        at = full_force_at(sheet)
        book = RateBook(draft_columns(sheet, at))
        terms = Terms(at=to_microseconds(at), books={tariff.pk: book})
    elif change.kind == ChangeKind.MARKUP:
        book = RateBook(marked_rates(tariff.pk, change.as_markup))
        terms = Terms(at=terms.at, books={tariff.pk: book}, fee=change.as_markup.fee)
    if change.side == ChangeSide.BUY:
        payer = [what_if.seller_id]
        return Variant(customers=payer, with_accounts=False, tariff=tariff.pk, terms=terms)
    replaces = change.replaces
    if replaces is None and change.kind != ChangeKind.TARIFF:
        replaces = tariff.pk
    return Variant(
        issuers=[tariff.owner_id],
        tariffs=None if replaces is None else [replaces],
        tariff=tariff.pk,
        terms=terms,
    )


def _draft(change: Change) -> RateImport:
    sheet = RateImport.objects.select_related("tariff").filter(pk=change.rate_import or 0).first()
    if sheet is None or not is_draft(sheet):
        raise DomainError(
            "no_draft", _("The rate sheet is applied or given up: it is no draft now.")
        )
    return sheet
