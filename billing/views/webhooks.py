"""The door of online payment providers: signed notices, from nobody who is signed in."""

import logging
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from billing.services.notices import receive_notice
from softswitch.core.errors import DomainError

logger = logging.getLogger(__name__)
LARGEST = 512 * 1024  # bytes; Stripe's notices have a few thousand
STATUS = {"unknown": 404, "signature": 400}
CONFLICT = 409  # the provider sends it again later


@method_decorator(csrf_exempt, name="dispatch")
class StripeWebhookView(View):
    """Takes a notice of Stripe's, told by its signature over the very bytes that came."""

    http_method_names = ["post"]

    def post(
        self, request: HttpRequest, *args: Any, public_id: UUID, **kwargs: Any
    ) -> HttpResponse:
        length = request.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > LARGEST:
            return HttpResponse(status=413)
        signature = request.headers.get("Stripe-Signature", "")
        try:
            receive_notice(public_id=public_id, body=request.body, signature=signature)
        except DomainError as error:
            logger.warning("notice of %s: %s", public_id, error.code)
            return HttpResponse(error.code, "text/plain", STATUS.get(error.code, CONFLICT))
        return HttpResponse("ok", "text/plain")
