"""The steps of the wizard, and the forms of all of them over one set of answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from customers.choices import Kind
from customers.forms.parameters import InvoiceForm, ReportForm, ShortCallForm
from customers.forms.wizard import BasicForm, CompanyStepForm, LastForm, PortalForm
from customers.selectors.drafts import IDENTIFYING, LEFT_OUT, Answers, StepAnswers
from customers.selectors.parameters import inherited
from customers.tenancy import Actor
from softswitch.core.chrome import Text
from softswitch.core.forms import ScopedForm


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``slug`` names it in addresses, answers and code."""

    slug: str
    label: Text
    form: type[ScopedForm]


STEPS = (
    Step("basic", _("Basic Info"), BasicForm),
    Step("company", _("Company Info"), CompanyStepForm),
    Step("report", _("Automatic Report"), ReportForm),
    Step("short_calls", _("Short Call Charge"), ShortCallForm),
    Step("invoice", _("Auto Invoice"), InvoiceForm),
    Step("portal", _("Self Service Portal"), PortalForm),
    Step("notifications", _("Notification Setting"), LastForm),
)
BY_SLUG = {step.slug: step for step in STEPS}
SLUGS = tuple(BY_SLUG)
TEMPLATE_SLUGS = tuple(slug for slug in SLUGS if slug not in LEFT_OUT)
LAST = SLUGS[-1]
# The steps whose fields are parameters.
PARAMETER_SLUGS = ("report", "short_calls", "invoice", LAST)


class StepForms:
    """The forms of every step over ``answers``; a step without any has what it shows at first.

    What was answered on the first step decides what others ask for: its class what they inherit,
    its kind and business model which rights there are. ``for_template`` leaves out the fields that
    identify a customer, and the password. ``first`` are the values that steps show at first, in
    place of those of a new customer.
    """

    def __init__(
        self,
        actor: Actor,
        answers: Answers,
        *,
        for_template: bool = False,
        first: Mapping[str, dict[str, Any]] | None = None,
    ) -> None:
        self.actor, self.answers, self.for_template = actor, answers, for_template
        self._firsts = first or {}

    def shown(self, slug: str) -> ScopedForm:
        """The form as it is first shown: with what was answered, right or wrong, without errors."""
        if slug not in self.answers:
            return self._form(slug, initial=self._first(slug))
        answered = self.bound(slug)
        initial = {
            name: field.widget.value_from_datadict(answered.data, answered.files, name)
            for name, field in answered.fields.items()
        }
        return self._form(slug, initial=initial)

    def bound(self, slug: str, data: Mapping[str, Any] | None = None) -> ScopedForm:
        """The form of a step over what was sent (``data``), else over its answers.

        A field without an answer (a template has none for some) has what it shows at first.
        """
        if data is None:
            first = self._form(slug, initial=self._first(slug))
            answered = self.answers.get(slug, {})
            texts = {name: list(values) for name, values in answered.items()}
            for name, _field in stored_fields(first):
                if name not in texts:
                    texts[name] = _texts(first[name])
            data = MultiValueDict(texts)
        return self._form(slug, data=data)

    def checked(self, password: str = "") -> dict[str, ScopedForm]:
        """Every step's form over its answers, cleaned; ``password`` goes to the one that asks."""
        found = {slug: self.bound(slug) for slug in self.slugs}
        if password:
            data = MultiValueDict(found[LAST].data)
            data["password"] = password
            found[LAST] = self.bound(LAST, data)
        for form in found.values():
            form.full_clean()
        return found

    def wrong(self) -> list[str]:
        """The steps with errors, in order; a password that is still to be entered is none."""
        checked = self.checked().items()
        return [slug for slug, form in checked if form.errors.keys() - {"password"}]

    @property
    def slugs(self) -> tuple[str, ...]:
        return TEMPLATE_SLUGS if self.for_template else SLUGS

    @cached_property
    def basic(self) -> dict[str, Any]:
        """What the first step says so far, wrong answers left out."""
        form = self.bound("basic")
        form.full_clean()
        return form.cleaned_data

    @cached_property
    def asks_password(self) -> bool:
        """Whether a login is wanted whose password is entered on the last step."""
        if self.for_template:
            return False
        form = self.bound("portal")
        form.full_clean()
        return isinstance(form, PortalForm) and form.asks_password

    def _form(self, slug: str, **kwargs: Any) -> ScopedForm:
        form = BY_SLUG[slug].form(actor=self.actor, **self._context(slug), **kwargs)
        if self.for_template:
            for name in IDENTIFYING.get(slug, frozenset()) & form.fields.keys():
                del form.fields[name]
            if slug == "basic":
                form.fields["business_model"].required = False
        return form

    def _context(self, slug: str) -> dict[str, Any]:
        if slug == "portal":
            return {
                "kind": self.basic.get("kind", ""),
                "business_model": self.basic.get("business_model"),
                "main_email": self.basic.get("main_email", ""),
            }
        if slug not in PARAMETER_SLUGS:
            return {}
        above = inherited(self.basic.get("customer_class"), timezone=self.basic.get("timezone"))
        return {"inherited": above} | (
            {"asks_password": self.asks_password} if slug == LAST else {}
        )

    def _first(self, slug: str) -> dict[str, Any]:
        if self._firsts or slug != "basic":
            return dict(self._firsts.get(slug, {}))
        return first_answers(self.actor)


def first_answers(actor: Actor) -> dict[str, Any]:
    """What a new customer's record says before anybody has: its owner's zone and language."""
    own = actor.customer
    return {
        "kind": Kind.BUSINESS,
        "timezone": own.timezone,
        "language": own.language,
    }


def sent_by(form: ScopedForm) -> StepAnswers:
    """What a browser would send of a form as it is shown; passwords are left out."""
    return {name: _texts(form[name]) for name, _field in stored_fields(form)}


def _texts(field: BoundField) -> list[str]:
    widget, value = field.field.widget, field.value()
    if isinstance(widget, forms.CheckboxInput):
        return ["on"] if value else []
    shown: Any = widget.format_value(value)
    texts = [str(text) for text in shown] if isinstance(shown, list) else [str(shown or "")]
    if isinstance(widget, forms.Select) and not widget.allow_multiple_selected:
        offered = [str(option) for option, _label in widget.choices]
        return [text for text in texts if text in offered] or offered[:1]
    return texts


def answers_in(form: ScopedForm, sent: Any) -> StepAnswers:
    """What was ``sent`` (request.POST) for the fields of a form, but passwords."""
    return {name: sent.getlist(name) for name, _field in stored_fields(form)}


def stored_fields(form: ScopedForm) -> Iterable[tuple[str, forms.Field]]:
    """The fields whose answers may be kept: all but passwords."""
    return [
        (name, field)
        for name, field in form.fields.items()
        if not isinstance(field.widget, forms.PasswordInput)
    ]


def without_gone(step_forms: StepForms) -> tuple[dict[str, StepAnswers], list[str]]:
    """The answers without those that are no longer a choice, and the labels of what was dropped."""
    kept: dict[str, StepAnswers] = {}
    labels: list[str] = []
    for slug in step_forms.slugs:
        if slug not in step_forms.answers:
            continue
        form = step_forms.bound(slug)
        form.full_clean()
        gone = {
            name
            for name in form.errors
            if isinstance(form.fields.get(name), forms.ChoiceField)
            and any(step_forms.answers[slug].get(name, []))
        }
        labels += [str(form.fields[name].label) for name in form.fields if name in gone]
        kept[slug] = {k: v for k, v in step_forms.answers[slug].items() if k not in gone}
    return kept, labels
