"""The rights delegated to one customer: ticked, shown with who is affected, then saved."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.forms import RightsForm
from customers.models import Customer
from customers.selectors import effective_rights
from customers.selectors.rights import (
    RIGHT,
    VERBS,
    Affected,
    affected,
    refusals,
    right_boxes,
    right_name,
    role_lines,
)
from customers.services.permissions import delegated_rights
from customers.services.rights import change_rights, makes_reseller
from customers.views.detail import CustomerHead
from customers.views.lifecycle import DirectMixin
from softswitch.core.views import EditView


@dataclass(frozen=True, slots=True)
class Preview:
    """What a choice of rights changes; ``key`` is the choice, which is saved as it was shown."""

    key: str
    granted: list[str]
    revoked: list[str]
    losing: Affected
    regaining: Affected
    makes_reseller: bool

    @property
    def count(self) -> int:
        """How many rights change."""
        return len(self.granted) + len(self.revoked)

    @property
    def is_asked(self) -> bool:
        """Whether the change is shown before it is saved: it takes something, or reaches below."""
        return bool(self.revoked) or self.regaining.total > 0 or self.makes_reseller


class RightsView(CustomerHead, DirectMixin, EditView):
    """What a customer may do in its own portal, and pass on to those below it.

    Its owner changes it, in two steps where somebody loses a right or gets one back; whoever else
    sees the customer reads it.
    """

    permission = "customers.view"
    tab = "rights"
    form_class = RightsForm
    template_name = "customers/customer_rights.html"
    success_message = gettext_lazy("Saved. It counts at once, in the whole subtree.")

    def check_object(self, obj: Customer) -> None:
        if self.request.method == "GET" and obj.pk != self.actor.customer_id:
            return
        super().check_object(obj)
        if not self.actor.can("customers.edit"):
            raise PermissionDenied

    @property
    def is_editable(self) -> bool:
        return bool(self.object.is_direct_of(self.actor) and self.actor.can("customers.edit"))

    @cached_property
    def held(self) -> frozenset[str]:
        return delegated_rights(self.object)

    def get_initial(self) -> dict[str, Any]:
        return {"rights": sorted(self.held)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object()
        form = self.get_form()
        if form.is_valid():
            preview = self.preview(form)
            if preview.is_asked and form.cleaned_data["previewed"] != preview.key:
                return self.render(form=form, preview=preview)
        return super().post(request, *args, **kwargs)

    def preview(self, form: Any) -> Preview:
        """What saving the ticks would change, here and below."""
        fixed = refusals(self.actor, self.object).keys()
        wanted = frozenset(form.cleaned_data["rights"]) - fixed | (self.held & fixed)
        granted, revoked = wanted - self.held, self.held - wanted
        return Preview(
            key=" ".join(sorted(wanted)),
            granted=sorted(granted),
            revoked=sorted(revoked),
            losing=affected(self.object, revoked & effective_rights(self.object)),
            regaining=affected(self.object, granted),
            makes_reseller=makes_reseller(self.object, wanted),
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form, preview = kwargs["form"], kwargs.get("preview")
        ticked = form["rights"].value() or []
        fixed = refusals(self.actor, self.object).keys() if form.is_bound else frozenset()
        shown = frozenset(ticked) | (self.held & fixed)
        boxes = right_boxes(self.actor, self.object, ticked=shown, held=self.held)
        return super().get_context_data(
            is_editable=self.is_editable,
            areas=matrix(boxes),
            verbs=VERBS.values(),
            locks=sorted({str(box.reason) for box in boxes.values() if box.reason}),
            switches=[box for code, box in boxes.items() if code.split(".")[1] not in VERBS],
            roles=role_lines(self.object),
            sentences=sentences(preview, self.object) if preview else [],
            **kwargs,
        )

    def service(self, form: Any) -> None:
        change_rights(
            actor=self.actor,
            customer=self.object,
            rights=form.cleaned_data["rights"],
            becomes_reseller=bool(form.cleaned_data["previewed"]),
        )

    def get_stay_url(self, saved: Any) -> str:
        return reverse("customers:customer_rights", args=[self.object.pk])

    def get_close_url(self, saved: Any) -> str:
        return reverse("customers:customer_detail", args=[self.object.pk])


def matrix(boxes: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per kind of record that has boxes: its label and those for add, edit, delete."""
    areas = {code.split(".")[0]: None for code in boxes if code.split(".")[1] in VERBS}
    return [
        {
            "label": RIGHT[f"{area}.add"].label,
            "boxes": [boxes.get(f"{area}.{verb}") for verb in VERBS],
        }
        for area in areas
    ]


def sentences(preview: Preview, customer: Customer) -> list[str]:
    """What a preview says, one sentence a right."""
    lines = []
    if preview.makes_reseller:
        lines.append(_("%(name)s becomes a reseller.") % {"name": customer})
    for codes, counts, alone, below in (
        (
            preview.revoked,
            preview.losing.counts,
            _("Revokes %(right)s."),
            _("Revokes %(right)s, also from %(count)s below."),
        ),
        (
            preview.granted,
            preview.regaining.counts,
            _("Grants %(right)s."),
            _("Grants %(right)s, and gives it back to %(count)s below."),
        ),
    ):
        for code in codes:
            text = below if counts.get(code) else alone
            lines.append(text % {"right": right_name(RIGHT[code]), "count": counts.get(code, 0)})
    return lines
