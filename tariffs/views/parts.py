"""What the pages of one tariff share: the tariff itself, its tabs, and who may change it."""

from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.selectors.payers import accounts_paying
from calls.selectors.what_if import ASKING_RIGHTS
from softswitch.core.chrome import Action, Link, Tab
from softswitch.core.display import number_text
from softswitch.core.views import ScopedMixin
from softswitch.core.views.access import rows_of
from tariffs.models import Tariff
from tariffs.selectors import assigned_customers, open_rate_counts

TABS = (
    ("tariff_detail", gettext_lazy("Rates")),
    ("tariff_customers", gettext_lazy("Customers")),
    ("tariff_accounts", gettext_lazy("Accounts")),
    ("tariff_versions", gettext_lazy("Versions")),
    ("import_list", gettext_lazy("Imports")),
)


class TariffPart(ScopedMixin):
    """Pages under ``/tariffs/<pk>/``: rows of ``model`` that belong to the tariff in scope."""

    parent_model: ClassVar[type[Model]] = Tariff
    tab: ClassVar[str] = ""

    @cached_property
    def tariff(self) -> Tariff:
        """The tariff of the URL: 404 if archived, not there or not in scope."""
        rows = rows_of(Tariff, self.actor).filter(archived_at=None)
        return cast(Tariff, get_object_or_404(rows, pk=self.kwargs["pk"]))

    @property
    def is_own(self) -> bool:
        return bool(self.tariff.owner_id == self.actor.customer_id)

    def check_own(self) -> None:
        """403 for a tariff of a customer below: its owner changes it."""
        if not self.is_own:
            raise PermissionDenied

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs(self.tariff)

    def get_tabs(self) -> list[Tab]:
        return tariff_tabs(self.actor, self.tariff, self.tab)


def tariff_crumbs(tariff: Tariff | None = None) -> list[Link]:
    """From the list down to ``tariff``."""
    crumbs = [Link(_("Tariffs"), reverse("tariffs:tariff_list"))]
    if tariff is not None:
        crumbs.append(Link(tariff.name, reverse("tariffs:tariff_detail", args=[tariff.pk])))
    return crumbs


def tariff_tabs(actor: Any, tariff: Tariff, current: str) -> list[Tab]:
    """The parts of a tariff, with how many of each; none on a page that is no part."""
    if not current:
        return []
    rates, are_more = open_rate_counts([tariff.pk])[tariff.pk]
    counts: dict[str, Any] = {
        "tariff_detail": number_text(rates) + ("+" if are_more else ""),
        "tariff_customers": assigned_customers(actor, tariff).count(),
        "tariff_accounts": accounts_paying(actor, tariff).count(),
    }
    return [
        Tab(label, reverse(f"tariffs:{name}", args=[tariff.pk]), name == current, counts.get(name))
        for name, label in TABS
    ]


def what_if_actions(actor: Any, query: str) -> list[Action]:
    """The way to a what-if, for who may ask: ``query`` fills its form in from what a page shows."""
    if not all(actor.can(right) for right in ASKING_RIGHTS):
        return []
    return [Action(_("What if"), f"{reverse('calls:what_if_create')}?{query}", "beaker")]


def plain_numbers(values: dict[str, Any]) -> dict[str, Any]:
    """Stored decimals as people write them: ``0.03``, not ``0.03000000``."""
    return {
        name: f"{value.normalize():f}" if isinstance(value, Decimal) else value
        for name, value in values.items()
    }
