"""Choices whose value, badge tone and label are declared together.

    class Status(ToneChoices):
        ACTIVE = "active", "ok", _("Active")

``Status("active").tone`` is one of the ``.status`` classes of static/css/data.css: ok, off, info,
warn, bad or stop ("" is plain). ``StatusColumn(Status)`` and components/status.html read it.
"""

from typing import Self

from django.db.models import TextChoices

TONES = frozenset({"", "ok", "off", "info", "warn", "bad", "stop"})


class ToneChoices(TextChoices):
    """Base of choices that are shown as a badge; members are ``value, tone, label``."""

    tone: str

    def __new__(cls, value: str, tone: str = "") -> Self:
        if tone not in TONES:
            raise ValueError(f"{value}: unknown tone {tone!r}")
        member = str.__new__(cls, value)
        member._value_ = value
        member.tone = tone
        return member
