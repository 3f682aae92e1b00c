"""Deployment checks of mail: where the links in letters lead."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def links_lead_to_the_portal(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Warn where a portal on HTTPS would mail links to another address, such as this machine's."""
    if not settings.SECURE_SSL_REDIRECT or settings.PORTAL_URL.startswith("https://"):
        return []
    hint = "Set PORTAL_URL to the address of the portal, https://..."
    text = f"Set-password links in letters would lead to {settings.PORTAL_URL}."
    return [checks.Warning(text, hint=hint, id="notifications.W001")]
