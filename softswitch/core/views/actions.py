"""Actions on one row: confirmed, direct, and downloads."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import (
    HttpRequest,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import Text
from softswitch.core.errors import DomainError
from softswitch.core.views.access import PageMixin, ScopedMixin


class ActionMixin(ScopedMixin):
    """Calls ``service(obj)`` on POST; what it refuses is shown on the page one returns to."""

    success_message: ClassVar[Text] = _("Done.")
    return_url_name: ClassVar[str] = ""
    returns_to_object: ClassVar[bool] = False

    def service(self, obj: Any) -> Any:
        """Call the one service."""
        raise NotImplementedError

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object()
        try:
            with transaction.atomic():
                self.service(self.object)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, str(self.get_success_message()))
        return HttpResponseRedirect(self.get_return_url())

    def get_success_message(self) -> Text:
        return self.success_message

    def get_return_url(self) -> str:
        """Back to the list that an action of its rows came from, else as declared.

        That is the row's page with ``returns_to_object``, or the list.
        """
        asked = self.request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(asked, {self.request.get_host()}):
            return asked
        args = [self.object.pk] if self.returns_to_object else []
        return reverse(self.return_url_name, args=args)


class ActionView(ActionMixin):
    """POST only: one button, one service."""

    http_method_names = ["post", "options"]


class ConfirmView(PageMixin, ActionMixin):
    """Names the record, the counts and the consequence before it acts (confirm.html)."""

    template_name: ClassVar[str] = "confirm.html"
    button_label: ClassVar[Text] = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object()
        return self.render()

    def get_warning(self) -> Text:
        """One sentence in a yellow box, or nothing."""
        return ""

    def get_facts(self) -> Iterable[tuple[Text, Any]]:
        """What happens: label and text, such as ("Stops at once", "3 trunks")."""
        return ()

    def get_button_label(self) -> Text:
        """Verb and name, such as "Archive Calder Voice"."""
        return self.button_label or str(self.get_title()).rstrip("?")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            object=self.object,
            warning=self.get_warning(),
            facts=self.get_facts(),
            button_label=self.get_button_label(),
            cancel_url=self.get_return_url(),
            **kwargs,
        )


@dataclass(frozen=True, slots=True)
class Download:
    """A file to send: ``content`` in pieces, read as they are sent."""

    filename: str
    content_type: str
    content: Iterable[bytes]


class DownloadView(ScopedMixin):
    """Sends a file about the row of the URL's ``pk``."""

    def get_download(self, obj: Model) -> Download:
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object()
        file = self.get_download(self.object)
        response = StreamingHttpResponse(file.content, content_type=file.content_type)
        response["Content-Disposition"] = f'attachment; filename="{file.filename}"'
        return response
