"""Customer templates: list, create, edit by steps, copy, delete, and new customers by one."""

import uuid
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.forms.steps import BY_SLUG, TEMPLATE_SLUGS, StepForms, answers_in, without_gone
from customers.forms.templates import TemplateForm
from customers.forms.wizard import BasicForm
from customers.models import Customer, CustomerTemplate
from customers.selectors.drafts import Answers, draft_of
from customers.services.drafts import start_draft
from customers.services.templates import (
    copy_template,
    create_template,
    delete_template,
    edit_template,
    save_template_step,
)
from customers.tables.templates import TemplateTable
from customers.views.records import answers_of
from customers.views.wizard import step_url
from softswitch.core.chrome import Action, Link, Tab
from softswitch.core.display import listed
from softswitch.core.forms import ScopedFormMixin
from softswitch.core.views import ActionView, ConfirmView, CreateView, EditView, ListView
from softswitch.core.views.access import PageMixin, ScopedMixin, rows_of

TEMPLATES = "customers:template_list"
EDIT = "customers:template_edit"


class OwnTemplateMixin(ScopedMixin):
    """The templates of the acting owner; those of owners below belong to them (404)."""

    permission = "customers.add"
    model = CustomerTemplate

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(owner=self.actor.customer_id)


class TemplateListView(OwnTemplateMixin, ListView):
    """All templates, to open customers by them or to change them."""

    title = gettext_lazy("Customer templates")
    table_class = TemplateTable
    empty_icon = "document-duplicate"
    empty_title = gettext_lazy("No templates yet")
    empty_text = gettext_lazy(
        "A template holds the answers of the wizard, but names, logins, e-mails and money."
    )

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Customers"), reverse("customers:customer_list"))]

    def get_actions(self) -> list[Action]:
        url = reverse("customers:template_create")
        return [Action(_("New template"), url, "plus", "customers.add", primary=True)]


class TemplateCreateView(CreateView):
    """A name for a template; ``from`` is a direct customer, or "draft" for the wizard's answers."""

    permission = "customers.add"
    model = CustomerTemplate
    form_class = TemplateForm
    list_url_name = TEMPLATES
    detail_url_name = EDIT
    edit_url_name = EDIT
    close_label = ""
    title = gettext_lazy("New template")
    success_message = gettext_lazy("The template is stored. Check its answers tab by tab.")

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Templates"), reverse(TEMPLATES))]

    def get_meta(self) -> str:
        if self.source is not None:
            return _("The settings of %(name)s, without what identifies it.") % {
                "name": self.source
            }
        if self.is_from_draft:
            return _("The answers of the wizard so far, without what identifies the customer.")
        return _("Its answers are given on the next page.")

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.source.name[:80] if self.source else ""}

    @property
    def is_from_draft(self) -> bool:
        return self.request.GET.get("from") == "draft"

    @cached_property
    def source(self) -> Customer | None:
        """The direct customer whose settings are stored: 404 out of scope, 403 for a deeper one."""
        asked = self.request.GET.get("from", "")
        if not asked or self.is_from_draft:
            return None
        key = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else 0
        found: Customer = get_object_or_404(rows_of(Customer, self.actor), pk=key)
        if not found.is_direct_of(self.actor) or found.archived_at is not None:
            raise PermissionDenied
        return found

    def get_answers(self) -> Answers:
        if self.source is not None:
            return answers_of(self.actor, self.source)
        draft = draft_of(self.actor) if self.is_from_draft else None
        return draft.answers if draft else {}

    def service(self, form: Any) -> CustomerTemplate:
        return create_template(actor=self.actor, answers=self.get_answers(), **form.cleaned_data)


class TemplateHead(PageMixin, OwnTemplateMixin):
    """Head and tabs of a template; ``slug`` names the step, empty is its name."""

    slug: ClassVar[str] = ""

    def get_title(self) -> str:
        return _("Template %(name)s") % {"name": self.object}

    def get_meta(self) -> str:
        return _("Changes count for customers opened by it from now on.")

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Templates"), reverse(TEMPLATES))]

    def get_tabs(self) -> list[Tab]:
        args = [self.object.pk]
        steps = [
            Tab(BY_SLUG[slug].label, template_step_url(slug, args), slug == self.slug)
            for slug in TEMPLATE_SLUGS
        ]
        return [Tab(_("Name"), reverse(EDIT, args=args), not self.slug), *steps]

    def get_actions(self) -> list[Action]:
        url = reverse("customers:template_use", args=[self.object.pk])
        return [Action(_("Create a customer by it"), url, "user-plus", post=True)]


def template_step_url(slug: str, args: list[Any]) -> str:
    """The address of a step of a template."""
    return reverse(f"customers:template_{slug}", args=args)


class TemplateEditView(TemplateHead, EditView):
    """Its name and description."""

    form_class = TemplateForm
    list_url_name = TEMPLATES
    edit_url_name = EDIT

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.object.name, "description": self.object.description}

    def service(self, form: Any) -> CustomerTemplate:
        edit_template(actor=self.actor, template=self.object, **form.cleaned_data)
        template: CustomerTemplate = self.object
        return template


class TemplateStepView(TemplateHead, EditView):
    """The answers of one step."""

    slug = TEMPLATE_SLUGS[0]
    form_class = BasicForm
    list_url_name = TEMPLATES

    def get_form(self) -> ScopedFormMixin:
        answers, gone = without_gone(StepForms(self.actor, self.object.answers, for_template=True))
        forms = StepForms(self.actor, answers, for_template=True)
        if self.request.method == "POST":
            return forms.bound(self.slug, self.request.POST)
        if gone:
            messages.warning(self.request, gone_text(gone))
        return forms.shown(self.slug)

    def service(self, form: Any) -> None:
        values = answers_in(form, self.request.POST)
        save_template_step(actor=self.actor, template=self.object, step=self.slug, values=values)


class TemplateCopyView(OwnTemplateMixin, ActionView):
    """Another template with the same answers."""

    return_url_name = TEMPLATES
    success_message = gettext_lazy("Copied.")

    def service(self, obj: CustomerTemplate) -> None:
        copy_template(actor=self.actor, template=obj)


class TemplateDeleteView(OwnTemplateMixin, ConfirmView):
    """Deletes a template; the customers opened by it stay."""

    return_url_name = TEMPLATES
    success_message = gettext_lazy("Deleted.")

    def get_title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def get_facts(self) -> list[tuple[str, str]]:
        return [(_("Stays"), _("Every customer that was opened by it, as it is."))]

    def service(self, obj: CustomerTemplate) -> None:
        delete_template(actor=self.actor, template=obj)


class TemplateUseView(OwnTemplateMixin, ConfirmView):
    """Pre-fills the wizard; asks first where another customer is being entered there."""

    return_url_name = TEMPLATES

    def get_title(self) -> str:
        return _("Start anew by %(name)s?") % {"name": self.object}

    def get_warning(self) -> str:
        return _("The wizard holds answers for another customer. They are lost.")

    def get_facts(self) -> list[tuple[str, str]]:
        return [(_("Then"), _("The wizard starts with the answers of this template."))]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object()
        if "confirmed" not in request.POST and draft_of(self.actor) is not None:
            return self.render(hidden=[("confirmed", "1")])
        answers, gone = without_gone(StepForms(self.actor, self.object.answers))
        key, name = str(uuid.uuid4()), self.object.name
        start_draft(actor=self.actor, key=key, answers=answers, template=name)
        if gone:
            messages.warning(request, gone_text(gone))
        return HttpResponseRedirect(step_url(TEMPLATE_SLUGS[0]))


def gone_text(labels: list[str]) -> str:
    """Which answers of a template are no longer a choice."""
    return _("No longer available, so choose again: %(fields)s.") % {"fields": listed(labels)}
