"""The pages of refused and failed requests.

One page serves "not there" and "not yours", so that nobody learns what exists above or beside it.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return render(request, "errors/404.html", status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: an own object without the right for it; ``exception`` may say the way out."""
    return render(request, "errors/403.html", {"reason": str(exception)}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: rendered without context processors, which may be what failed."""
    return HttpResponse(render_to_string("errors/500.html"), status=500)
