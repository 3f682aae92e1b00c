"""What people do with what-ifs: ask, ask again, rename, delete. Nothing else is changed by any."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.selectors.balances import display_currency
from calls.choices import ChangeKind, ChangeSide, WhatIfState
from calls.models import WhatIf
from calls.selectors.sellers import is_seller
from calls.selectors.what_if import ASKING_RIGHTS, may_change, sellers_of
from calls.services.what_if.questions import Change, changes_of, check_stored
from customers.models import Customer
from customers.services.audit import record
from customers.tenancy import Actor
from softswitch.core.errors import DomainError
from softswitch.core.jobs import enqueue
from tariffs.models import RateImport, Tariff
from tariffs.selectors import is_draft

LONGEST = timedelta(days=400)
MOST_CHANGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: calls from ``since`` to before ``until``, sold by ``seller`` and those below.

    ``customer``: only calls that pass it; ``tariff``: only those that the seller sold by it.
    ``has_below``: also the sums of the resellers below the seller.
    """

    name: str
    since: datetime
    until: datetime
    seller: Customer
    changes: Sequence[Change]
    customer: Customer | None = None
    tariff: Tariff | None = None
    has_below: bool = False


def ask_what_if(*, actor: Actor, question: Question, by_job: bool = True) -> WhatIf:
    """Keep a question and have it answered by a job.

    Atomic with the audit row; ``by_job`` False leaves the answer to the caller (run_what_if).
    Raises DomainError naming the field that is wrong; nothing tells whether a row of somebody
    else exists.
    """
    _check_rights(actor)
    _check(actor, question)
    display = display_currency(actor)
    with transaction.atomic():
        what_if = WhatIf.objects.create(
            owner=actor.customer,
            seller=question.seller,
            name=question.name,
            since=question.since,
            until=question.until,
            customer=question.customer,
            tariff=question.tariff,
            has_below=question.has_below,
            changes=[change.as_json() for change in question.changes],
            currency=display.code,
            rates={code: str(rate) for code, rate in display.rates.items()},
            created_by=actor.user,
        )
        record(actor=actor, customer=actor.customer, action="what_if_asked", subject=question.name)
        if by_job:
            enqueue("calls.run_what_if", what_if_id=what_if.pk)
    return what_if


def ask_again(*, actor: Actor, what_if: WhatIf) -> None:
    """Answer a question anew, by the calls and terms of now. Locks its row; once is enough.

    Raises DomainError ``not_now`` while it is being answered, or as ask_what_if does: a reseller
    that has left is asked about no more, since its tariffs are others' business.
    """
    _check_change(actor, what_if)
    _check(actor, _question_of(what_if))
    display = display_currency(actor)
    with transaction.atomic():
        locked = WhatIf.objects.select_for_update(of=("self",)).get(pk=what_if.pk)
        if locked.state in (WhatIfState.WAITING, WhatIfState.RUNNING):
            raise DomainError("not_now", _("It is being answered."))
        locked.rows.all().delete()
        locked.state, locked.failure, locked.left_out = WhatIfState.WAITING, "", {}
        locked.read_till = locked.terms_at = locked.done_at = None
        locked.currency = display.code
        locked.rates = {code: str(rate) for code, rate in display.rates.items()}
        locked.updated_at = now()
        locked.save()
        enqueue("calls.run_what_if", what_if_id=locked.pk)


def _question_of(what_if: WhatIf) -> Question:
    return Question(
        name=what_if.name,
        since=what_if.since,
        until=what_if.until,
        seller=what_if.seller,
        changes=changes_of(what_if),
        customer=what_if.customer,
        tariff=what_if.tariff,
        has_below=what_if.has_below,
    )


def rename_what_if(*, actor: Actor, what_if: WhatIf, name: str) -> WhatIf:
    """Give it another name."""
    _check_change(actor, what_if)
    what_if.name = name
    what_if.save(update_fields=["name"])
    return what_if


def delete_what_if(*, actor: Actor, what_if: WhatIf) -> None:
    """Forget a question and its answer; a worker at it stops. Atomic with the audit row."""
    _check_change(actor, what_if)
    with transaction.atomic():
        record(actor=actor, customer=actor.customer, action="what_if_deleted", subject=what_if.name)
        WhatIf.objects.filter(pk=what_if.pk).delete()


def _check_rights(actor: Actor) -> None:
    may_ask = actor.account_id is None and is_seller(actor.customer)
    if not (may_ask and all(actor.can(right) for right in ASKING_RIGHTS)):
        raise PermissionDenied


def _check_change(actor: Actor, what_if: WhatIf) -> None:
    _check_rights(actor)
    if not may_change(actor, what_if):
        raise PermissionDenied


def _check(actor: Actor, question: Question) -> None:
    span = question.until - question.since
    if not timedelta(0) < span <= LONGEST:
        raise DomainError("period", _("Ask about 1 to 400 days."), field="until")
    check_stored(question.since, question.until)
    visible: Any = Customer.objects.visible_to(actor)
    if not (is_seller(question.seller) and visible.filter(pk=question.seller.pk).exists()):
        raise DomainError("seller", _("Choose yourself or a reseller below you."), field="seller")
    customer = question.customer
    if customer is not None and not visible.filter(pk=customer.pk, is_root=False).exists():
        raise DomainError("customer", _("Choose a customer below."), field="customer")
    sellers = sellers_of(question.seller, has_below=question.has_below)
    if not 1 <= len(question.changes) <= MOST_CHANGES:
        raise DomainError("changes", _("Say by which other terms."), field="sell_kind")
    tariffs = Tariff.objects.visible_to(actor).filter(owner__in=sellers)
    if question.tariff and not tariffs.filter(pk=question.tariff.pk).exists():
        raise DomainError("tariff", _("Choose a tariff of the seller."), field="tariff")
    for change in question.changes:
        _check_one(actor, question, change, set(tariffs.values_list("pk", flat=True)))


def _check_one(actor: Actor, question: Question, change: Change, tariffs: set[int]) -> None:
    side = change.side
    if side == ChangeSide.BUY and question.seller.is_root:
        raise DomainError("buy", _("What Root pays is not known here."), field="buy_kind")
    if change.kind == ChangeKind.DRAFT:
        rows = RateImport.objects.visible_to(actor).filter(tariff__in=tariffs)
        sheet = rows.filter(pk=change.rate_import or 0).first()
        if sheet is None or not is_draft(sheet):
            text = _("Choose a previewed rate sheet that is not applied.")
            raise DomainError("draft", text, field=f"{side}_draft")
    elif change.tariff not in tariffs:
        raise DomainError("tariff", _("Choose a tariff of the seller."), field=f"{side}_tariff")
    if change.replaces is not None and change.replaces not in tariffs:
        raise DomainError("tariff", _("Choose a tariff of the seller."), field="sell_replaces")
