"""The page of one row."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponseBase

from softswitch.core.chrome import Text
from softswitch.core.views.access import PageMixin, ScopedMixin


class DetailView(PageMixin, ScopedMixin):
    """One row as ``object``; the template extends base_detail.html."""

    template_name: ClassVar[str] = "base_detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object()
        return self.render()

    def get_title(self) -> Text:
        return self.title or str(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(object=self.object, **kwargs)
