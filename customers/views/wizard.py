"""The wizard: a new customer in seven steps over a draft, and the short form beside it."""

import uuid
from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.services.customers import Login, Settings, Terms, open_customer, open_from_draft
from customers.forms.custom_fields import custom_values
from customers.forms.customers import NewCustomerForm
from customers.forms.steps import (
    LAST,
    PARAMETER_SLUGS,
    SLUGS,
    STEPS,
    StepForms,
    answers_in,
    first_answers,
)
from customers.forms.wizard import BasicForm
from customers.models import Customer
from customers.selectors.drafts import Draft, Refusal, draft_of
from customers.selectors.parameters import is_empty
from customers.services.drafts import cancel_draft, refuse_draft, save_step
from customers.views.records import COMPANY, PROFILE
from softswitch.core import display
from softswitch.core.chrome import Action, Link
from softswitch.core.errors import DomainError
from softswitch.core.forms import ScopedForm
from softswitch.core.views import CreateView
from softswitch.core.views.access import PageMixin, ScopedMixin
from softswitch.core.views.edit import UNPROCESSABLE
from tariffs.selectors import assignable_tariffs

LIST = "customers:customer_list"
DETAIL = "customers:customer_detail"
# What the panel beside the steps repeats of the first one.
SO_FAR = (
    "name",
    "kind",
    "business_model",
    "customer_class",
    "tariff",
    "currency",
    "mode",
    "credit_limit",
    "opening_balance",
    "call_limit",
    "cps_limit",
    "timezone",
    "language",
)


def step_url(slug: str) -> str:
    """The address of a step."""
    return reverse(f"customers:wizard_{slug}")


class NewCustomerMixin(PageMixin):
    """What all ways to a new customer share: the right, the crumb, the need of a tariff."""

    permission = "customers.add"
    title = gettext_lazy("New customer")

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Customers"), reverse(LIST))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_tariffs = assignable_tariffs(self.actor).exists()
        return super().get_context_data(has_tariffs=has_tariffs, **kwargs)


class WizardView(NewCustomerMixin, ScopedMixin):
    """One step (``slug``): Back and Next keep what was typed, Submit opens the customer."""

    model = Customer
    form_class = BasicForm
    template_name = "customers/customer_wizard.html"
    slug: ClassVar[str] = SLUGS[0]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        forms = self.forms
        if not self.draft.is_checked:
            return self.render(form=forms.shown(self.slug))
        return self.render(form=self.refused_form(forms.bound(self.slug)))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        go, key = request.POST.get("go", "next"), request.POST.get("draft", "")[:40]
        if go == "cancel":
            cancel_draft(actor=self.actor, key=key)
            return HttpResponseRedirect(reverse(LIST))
        try:
            values = answers_in(self.forms.bound(self.slug, request.POST), request.POST)
            self.draft = save_step(actor=self.actor, key=key, step=self.slug, values=values)
        except DomainError as error:
            messages.warning(request, error.message)
            return HttpResponseRedirect(step_url(self.slug))
        del self.forms
        if self.draft.customer_id is not None:
            return HttpResponseRedirect(reverse(DETAIL, args=[self.draft.customer_id]))
        return self.move_on(go)

    def move_on(self, go: str) -> HttpResponseBase:
        """What the pressed button asks for, once the answers are kept."""
        at = SLUGS.index(self.slug)
        if go == "back":
            return HttpResponseRedirect(step_url(SLUGS[max(at - 1, 0)]))
        if go == "template":
            return HttpResponseRedirect(reverse("customers:template_create") + "?from=draft")
        if go == "submit":
            return self.submit()
        form = self.forms.bound(self.slug, self.request.POST)
        if not form.is_valid():
            return self.render(UNPROCESSABLE, form=form)
        return HttpResponseRedirect(step_url(SLUGS[min(at + 1, len(SLUGS) - 1)]))

    def submit(self) -> HttpResponseBase:
        """Open the customer, or lead to the first step that has an error."""
        checked = self.forms.checked(self.request.POST.get("password", ""))
        wrong = [slug for slug, form in checked.items() if form.errors]
        if wrong:
            return self.refuse(wrong, checked)
        try:
            made = open_from_draft(actor=self.actor, key=self.draft.key, **opening_of(checked))
        except DomainError as error:
            slug = next((s for s, form in checked.items() if error.field in form.fields), LAST)
            checked[slug].add_domain_error(error)
            return self.refuse([slug], checked, Refusal(slug, error.field, error.message))
        messages.success(self.request, _("%(name)s is open.") % {"name": made.name})
        return HttpResponseRedirect(reverse(DETAIL, args=[made.pk]))

    def refuse(
        self, wrong: list[str], checked: dict[str, ScopedForm], refusal: Refusal | None = None
    ) -> HttpResponseBase:
        """Show the first wrong step; from now on all steps say what is wrong with them."""
        stored = None if refusal is not None and refusal.field == "password" else refusal
        refuse_draft(actor=self.actor, key=self.draft.key, refusal=stored)
        if wrong[0] == self.slug:
            self.wrong = wrong
            return self.render(UNPROCESSABLE, form=checked[self.slug])
        text = ngettext(
            "Not opened. %(count)s step needs attention.",
            "Not opened. %(count)s steps need attention.",
            len(wrong),
        )
        messages.error(self.request, text % {"count": len(wrong)})
        return HttpResponseRedirect(step_url(wrong[0]))

    def refused_form(self, form: ScopedForm) -> ScopedForm:
        """``form`` with what Submit was refused for, if that belongs here."""
        form.full_clean()
        refusal = self.draft.refusal
        if refusal is not None and refusal.step == self.slug:
            form.add_domain_error(DomainError("refused", refusal.message, field=refusal.field))
        return form

    @cached_property
    def draft(self) -> Draft:
        """The draft at hand, or a new one that nothing is stored of yet."""
        return draft_of(self.actor) or Draft(key=str(uuid.uuid4()))

    @cached_property
    def forms(self) -> StepForms:
        return StepForms(self.actor, self.draft.answers)

    @cached_property
    def wrong(self) -> list[str]:
        """The steps that wear a mark."""
        if not self.draft.is_checked:
            return []
        refusal = self.draft.refusal
        found = {*self.forms.wrong(), *([refusal.step] if refusal else [])}
        return [slug for slug in SLUGS if slug in found]

    def get_actions(self) -> list[Action]:
        short = reverse("customers:customer_create")
        by_template = reverse("customers:template_list")
        return [
            Action(_("Short form"), short, "bolt"),
            Action(_("By template"), by_template, "document-duplicate"),
        ]

    def get_meta(self) -> str:
        if self.draft.template:
            return _("By the template %(name)s. Nothing is opened before Submit.") % {
                "name": self.draft.template
            }
        return _("Nothing is opened before Submit on the last step.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        at = SLUGS.index(self.slug)
        return super().get_context_data(
            draft=self.draft,
            steps=list(self.get_steps()),
            so_far=so_far(self.forms),
            has_back=at > 0,
            is_last=self.slug == LAST,
            next_label=STEPS[at + 1].label if self.slug != LAST else "",
            may_submit=self.slug == LAST or bool(self.draft.template) or self.draft.is_checked,
            **kwargs,
        )

    def get_steps(self) -> Iterable[dict[str, Any]]:
        """Label, address and state of every step, as components/steps.html shows them."""
        for step in STEPS:
            is_done = step.slug in self.draft.answers
            yield {
                "label": step.label,
                "url": step_url(step.slug),
                "is_current": step.slug == self.slug,
                "is_done": is_done and step.slug != self.slug,
                "is_wrong": step.slug in self.wrong,
            }


def so_far(forms: StepForms) -> list[tuple[Any, str]]:
    """The first step in words: label and text of what has been answered rightly."""
    if "basic" not in forms.answers:
        return []
    shown, cleaned = forms.shown("basic"), forms.basic
    facts = []
    for name in SO_FAR:
        field, value = shown.fields.get(name), cleaned.get(name)
        if field is None or field.widget.is_hidden or name not in cleaned:
            continue
        choices = {str(key): label for key, label in getattr(field, "choices", ())}
        key = "" if value is None else str(getattr(value, "pk", value))
        text = choices.get(key, display.DASH if value is None else value)
        facts.append((field.label, str(text)))
    return facts


def opening_of(checked: dict[str, ScopedForm]) -> dict[str, Any]:
    """What open_customer takes, from the cleaned forms of all steps."""
    basic, portal = checked["basic"].cleaned_data, checked["portal"].cleaned_data
    parameters: dict[str, Any] = {}
    for slug in PARAMETER_SLUGS:
        parameters |= checked[slug].parameter_values()  # type: ignore[attr-defined]
    login = None
    if portal["login"]:
        password = checked[LAST].cleaned_data.get("password")
        login = Login(portal["login"], password, email=portal["email"] or basic["main_email"])
    return {
        **{name: basic[name] for name in PROFILE},
        **{name: checked["company"].cleaned_data[name] for name in COMPANY},
        "opened_at": basic["opened_at"],
        "terms": terms_of(basic),
        "login": login,
        "settings": Settings(
            rights=frozenset(portal["rights"]),
            parameters={k: value for k, value in parameters.items() if not is_empty(value)},
            custom_values=custom_values(basic),
            sends_welcome=portal.get("sends_welcome", False),
        ),
    }


def terms_of(data: dict[str, Any]) -> Terms:
    """The terms in a form's cleaned data."""
    further = {
        name: str(data[name]) for name in ("period_type", "period_timezone") if data.get(name)
    }
    return Terms(
        tariff=data["tariff"],
        currency=getattr(data["currency"], "pk", ""),
        mode=data["mode"],
        credit_limit=data["credit_limit"],
        opening_balance=data["opening_balance"],
        **further,
    )


class CustomerCreateView(NewCustomerMixin, CreateView):
    """The short form: tree, rights, login, tariff and balance in one transaction."""

    model = Customer
    form_class = NewCustomerForm
    template_name = "customers/customer_form.html"
    list_url_name = LIST
    detail_url_name = DETAIL
    edit_url_name = "customers:customer_edit"
    success_message = gettext_lazy("The customer is open. Switch to it to set up its services.")

    def get_actions(self) -> list[Action]:
        by_template = reverse("customers:template_list")
        return [
            Action(_("Wizard"), step_url(SLUGS[0]), "queue-list"),
            Action(_("By template"), by_template, "document-duplicate"),
        ]

    def get_initial(self) -> dict[str, Any]:
        return first_answers(self.actor)

    def service(self, form: Any) -> Customer:
        data = form.cleaned_data
        login = Login(data["login"], data.get("password"), email=data["main_email"])
        names = ("name", "kind", "business_model", "customer_class", "company_name", "main_email")
        return open_customer(
            actor=self.actor,
            terms=terms_of(data),
            login=login if login.login else None,
            settings=Settings(custom_values=custom_values(data)),
            **{name: data[name] for name in (*names, "billing_email")},
            **{name: data[name] for name in ("timezone", "language", "opened_at")},
        )
