"""Pages with a form that ends in one service."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Model
from django.forms import BaseModelForm
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import Text
from softswitch.core.errors import DomainError
from softswitch.core.forms import ScopedFormMixin
from softswitch.core.views.access import PageMixin, ScopedMixin

UNPROCESSABLE = 422


class FormMixin(PageMixin):
    """Shows ``form_class``, hands a valid form to ``service`` and goes on to the next page.

    What the service refuses (DomainError) becomes an error of the form, answered with 422. The
    service and the scope check are one transaction; ``is_atomic`` False leaves transactions to a
    service that keeps something even where it refuses.
    """

    template_name: ClassVar[str] = "base_form.html"
    form_class: ClassVar[type[ScopedFormMixin] | None] = None
    list_url_name: ClassVar[str] = ""
    detail_url_name: ClassVar[str] = ""
    edit_url_name: ClassVar[str] = ""
    save_label: ClassVar[Text] = _("Save")
    close_label: ClassVar[Text] = _("Save & Close")
    success_message: ClassVar[Text] = _("Saved.")
    is_atomic: ClassVar[bool] = True
    object: Any = None

    def service(self, form: Any) -> Any:
        """Call the one service and return what it made or changed (or None)."""
        raise NotImplementedError

    def check_in_scope(self, obj: Model) -> None:
        """Refuse a saved row that has left the scope; ScopedMixin does."""

    def get_initial(self) -> dict[str, Any]:
        return {}

    def get_form(self) -> ScopedFormMixin:
        """The form, bound on POST."""
        if self.form_class is None:
            raise ImproperlyConfigured(f"{type(self).__name__} declares no form_class")
        kwargs: dict[str, Any] = {"actor": self.actor, "initial": self.get_initial()}
        if self.request.method == "POST":
            kwargs |= {"data": self.request.POST, "files": self.request.FILES}
        if self.object is not None and issubclass(self.form_class, BaseModelForm):
            kwargs["instance"] = self.object
        return self.form_class(**kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.render(form=self.get_form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = self.get_form()
        if not form.is_valid():
            return self.render(UNPROCESSABLE, form=form)
        try:
            with self.get_transaction():
                saved = self.service(form)
                if isinstance(saved, Model):
                    self.check_in_scope(saved)
        except DomainError as error:
            form.add_domain_error(error)
            return self.render(UNPROCESSABLE, form=form)
        return self.answer(form, saved)

    def answer(self, form: Any, saved: Any) -> HttpResponseBase:
        """What follows a form that was saved: a message, and the next page."""
        messages.success(self.request, str(self.get_success_message(saved)))
        closes = "save_and_close" in self.request.POST
        return HttpResponseRedirect(
            self.get_close_url(saved) if closes else self.get_stay_url(saved)
        )

    def get_transaction(self) -> AbstractContextManager[None]:
        """What the service runs in."""
        return transaction.atomic() if self.is_atomic else nullcontext()

    def get_success_message(self, saved: Any) -> Text:
        """What is said on the next page about ``saved``."""
        return self.success_message

    def get_stay_url(self, saved: Any) -> str:
        """Where Save goes: the edit page of what was saved."""
        if self.edit_url_name and saved is not None:
            return reverse(self.edit_url_name, args=[saved.pk])
        return self.request.get_full_path()

    def get_close_url(self, saved: Any) -> str:
        """Where Save & Close goes: the row's page, else the list."""
        if self.detail_url_name and saved is not None:
            return reverse(self.detail_url_name, args=[saved.pk])
        return self.get_list_url()

    def get_list_url(self) -> str:
        if not self.list_url_name:
            raise ImproperlyConfigured(f"{type(self).__name__} declares no list_url_name")
        return reverse(self.list_url_name)

    def get_cancel_url(self) -> str:
        return self.get_close_url(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            object=self.object,
            cancel_url=self.get_cancel_url(),
            save_label=self.save_label,
            close_label=self.close_label,
            **kwargs,
        )


class FormView(FormMixin):
    """A form about no row: settings, imports, simulators."""


class CreateView(FormMixin, ScopedMixin):
    """A form that makes a row of ``model``; what it made must be in the actor's scope."""

    def check_in_scope(self, obj: Model) -> None:
        ScopedMixin.check_in_scope(self, obj)


class EditView(FormMixin, ScopedMixin):
    """A form that changes the row of the URL's ``pk``."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object()
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object()
        return super().post(request, *args, **kwargs)

    def check_in_scope(self, obj: Model) -> None:
        ScopedMixin.check_in_scope(self, obj)
