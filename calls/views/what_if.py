"""What-ifs: the saved ones, a new question, and what one does with them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.choices import ChangeKind, ChangeSide, WhatIfState
from calls.filters import WhatIfFilter
from calls.forms import RenameForm, WhatIfForm
from calls.models import WhatIf
from calls.selectors.dashboard import local_day
from calls.selectors.what_if import ASKING_RIGHTS, RIGHTS, may_change, own_what_ifs
from calls.services.what_if.asking import (
    Question,
    ask_again,
    ask_what_if,
    delete_what_if,
    rename_what_if,
)
from calls.services.what_if.questions import Change
from calls.tables import WhatIfTable
from customers.models import Customer
from softswitch.core.chrome import Action, Link
from softswitch.core.display import date_text
from softswitch.core.views import ActionView, ConfirmView, CreateView, EditView, ListView
from softswitch.core.views.access import rows_of
from tariffs.models import RateImport, Tariff

PERMISSION, *FURTHER = RIGHTS
ASKING = ASKING_RIGHTS[1:]


def what_if_crumbs(what_if: WhatIf | None = None) -> list[Link]:
    """From the list down to ``what_if``."""
    crumbs = [Link(_("What if"), reverse("calls:what_if_list"))]
    if what_if is not None:
        crumbs.append(Link(what_if.name, reverse("calls:what_if", args=[what_if.pk])))
    return crumbs


class WhatIfListView(ListView):
    """The what-ifs that the viewer's customer has saved."""

    permission = PERMISSION
    further = FURTHER
    model = WhatIf
    title = gettext_lazy("What if")
    table_class = WhatIfTable
    filterset_class = WhatIfFilter
    empty_icon = "beaker"
    empty_title = gettext_lazy("No what-ifs yet")
    empty_text = gettext_lazy(
        "Try a tariff, a rate sheet or a mark-up on calls that were charged: nothing changes."
    )

    def enrich(self, rows: QuerySet[WhatIf]) -> QuerySet[WhatIf]:
        return own_what_ifs(rows, self.actor)

    def get_actions(self) -> list[Action]:
        compare, new = (reverse(f"calls:what_if_{name}") for name in ("compare", "create"))
        return [
            Action(_("Compare"), compare, "scale"),
            Action(_("New what-if"), new, "plus", "tariffs.edit", primary=True),
        ]


class WhatIfCreateView(CreateView):
    """A new question; others lead here with ``tariff``, ``draft``, ``customer`` or ``again``."""

    permission = PERMISSION
    further = ASKING
    model = WhatIf
    form_class = WhatIfForm
    title = gettext_lazy("New what-if")
    save_label = gettext_lazy("Compute")
    close_label = ""
    success_message = gettext_lazy("The calls are being priced. Nothing of them changes.")
    list_url_name = "calls:what_if_list"
    edit_url_name = "calls:what_if"

    def get_crumbs(self) -> list[Link]:
        return what_if_crumbs()

    def get_initial(self) -> dict[str, Any]:
        today = timezone.localdate()
        first, last = last_month(today)
        values: dict[str, Any] = {
            "name": _("What if of %(day)s") % {"day": date_text(today)},
            "since": first,
            "until": last,
        }
        return values | self._from_query()

    def _from_query(self) -> dict[str, Any]:
        """What the page that one comes from is about, as far as the viewer sees it."""
        found: dict[str, Any] = {}
        if sheet := self._asked(RateImport, "draft"):
            found = {"sell_kind": ChangeKind.DRAFT, "sell_draft": sheet.pk}
            found |= self._seller(sheet.tariff.owner)
        elif tariff := self._asked(Tariff, "tariff"):
            kind = self.request.GET.get("kind")
            kind = kind if kind in ChangeKind.values else ChangeKind.TARIFF
            found = {"sell_kind": kind, "sell_tariff": tariff.pk} | self._seller(tariff.owner)
        customer = self._asked(Customer, "customer")
        if customer and not customer.is_root and customer.pk != self.actor.customer_id:
            found["customer"] = customer.name
        return found

    def _seller(self, owner: Customer) -> dict[str, str]:
        return {} if owner.pk == self.actor.customer_id else {"seller": owner.name}

    def _asked(self, model: Any, name: str) -> Any:
        key = self.request.GET.get(name, "")
        is_key = key.isascii() and key.isdecimal() and len(key) <= 18
        return rows_of(model, self.actor).filter(pk=int(key)).first() if is_key else None

    def service(self, form: WhatIfForm) -> WhatIf:
        values, zone = form.cleaned_data, ZoneInfo(self.actor.timezone)
        question = Question(
            name=values["name"],
            since=local_day(values["since"], zone)[0],
            until=local_day(values["until"], zone)[1],
            seller=values["seller"],
            customer=values["customer"],
            tariff=values["tariff"],
            has_below=values["has_below"],
            changes=changes_asked(values),
        )
        return ask_what_if(actor=self.actor, question=question)


def last_month(today: date) -> tuple[date, date]:
    """The first and the last day of the month before."""
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def changes_asked(values: dict[str, Any]) -> list[Change]:
    """The other terms that a valid form asks for."""
    found = []
    if kind := values["sell_kind"]:
        is_draft = kind == ChangeKind.DRAFT
        found.append(
            Change(
                kind=kind,
                tariff=_key(values["sell_tariff"]) if not is_draft else None,
                rate_import=_key(values["sell_draft"]) if is_draft else None,
                replaces=_key(values["sell_replaces"]),
                time=values["sell_time"],
                at=values["sell_at"],
                markup=values["markup"],
                amount=values["amount"] or Decimal(0),
                minimum=values["minimum"],
                decimals=values["decimals"],
                rounding=values["rounding"],
                on_connect_fee=values["marks_connect_fee"],
            )
        )
    if kind := values["buy_kind"]:
        is_draft = kind == ChangeKind.DRAFT
        found.append(
            Change(
                side=ChangeSide.BUY,
                kind=kind,
                tariff=_key(values["buy_tariff"]) if not is_draft else None,
                rate_import=_key(values["buy_draft"]) if is_draft else None,
            )
        )
    return found


def _key(row: Any) -> int | None:
    return None if row is None else int(row.pk)


class OwnWhatIfMixin:
    """Only who asked, or edits tariffs, renames, repeats and deletes; others may look."""

    actor: Any

    def check_object(self, obj: WhatIf) -> None:
        if not may_change(self.actor, obj):
            raise PermissionDenied


class WhatIfRenameView(OwnWhatIfMixin, EditView):
    """Another name."""

    permission = PERMISSION
    further = ASKING
    model = WhatIf
    form_class = RenameForm
    close_label = ""
    edit_url_name = "calls:what_if"
    detail_url_name = "calls:what_if"

    def get_title(self) -> str:
        return _("Rename %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return what_if_crumbs(self.object)

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.object.name}

    def service(self, form: RenameForm) -> WhatIf:
        return rename_what_if(actor=self.actor, what_if=self.object, name=form.cleaned_data["name"])


class WhatIfDeleteView(OwnWhatIfMixin, ConfirmView):
    """The question and its answer; calls, rates and charges are not touched by either."""

    permission = PERMISSION
    further = ASKING
    model = WhatIf
    return_url_name = "calls:what_if_list"

    def get_title(self) -> str:
        return _("Delete %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return what_if_crumbs(self.object)

    def get_facts(self) -> list[tuple[str, Any]]:
        return [
            (_("Goes"), _("The question and its answer.")),
            (_("Stays"), _("Calls, charges, tariffs and rate sheets.")),
        ]

    def service(self, obj: WhatIf) -> None:
        delete_what_if(actor=self.actor, what_if=obj)

    def get_success_message(self) -> str:
        return _("%(name)s is deleted.") % {"name": self.object}


class WhatIfAgainView(OwnWhatIfMixin, ActionView):
    """Answer the question by the calls and terms of now."""

    permission = PERMISSION
    further = ASKING
    model = WhatIf
    returns_to_object = True
    return_url_name = "calls:what_if"
    success_message = gettext_lazy("The calls are being priced. Nothing of them changes.")

    def service(self, obj: WhatIf) -> None:
        ask_again(actor=self.actor, what_if=obj)


def is_running(what_if: WhatIf) -> bool:
    """Whether the answer is still to come."""
    return what_if.state in (WhatIfState.WAITING, WhatIfState.RUNNING)
