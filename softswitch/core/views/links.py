"""What a signed link opens: no login, but only for some time (softswitch.core.signed_links)."""

from typing import Any, ClassVar

from django.core.signing import SignatureExpired
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from softswitch.core.chrome import Text
from softswitch.core.errors import DomainError

GONE = 410


@method_decorator(never_cache, name="dispatch")
class LinkView(View):
    """The answer of ``open``; a page that says why where there is none any more.

    ``hint``: where whoever has a login finds it.
    """

    hint: ClassVar[Text] = ""

    def find(self, token: str) -> Any:
        """The row that the token names or None; SignatureExpired for one that has expired."""
        raise NotImplementedError

    def open(self, found: Any) -> HttpResponseBase:
        """The answer about a row; DomainError where there can be none."""
        raise NotImplementedError

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            found = self.find(token)
            if found is None:
                raise Http404
            response = self.open(found)
        except SignatureExpired:
            return self._gone({"hint": self.hint})
        except DomainError as error:
            return self._gone({"reason": error.message})
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    def _gone(self, context: dict[str, Any]) -> HttpResponseBase:
        return TemplateResponse(self.request, "link_gone.html", context, status=GONE)
