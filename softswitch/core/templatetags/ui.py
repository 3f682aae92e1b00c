"""Icons and query strings of templates.

    {% load ui %}
    {% icon "plus" %}  {% icon "users" "outline" %}   an inline Heroicon, hidden from screen readers
    {% query_fields keep="sort" %}                    hidden inputs of the current GET parameters
    {% query_fields drop="page per_page" %}           all of them but these

Links that change one parameter use Django's own {% querystring page=3 %}.
"""

from functools import cache

from django import template
from django.template import Context
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from heroicons.templatetags import heroicons

register = template.Library()
_STYLES = {
    "micro": heroicons.heroicon_micro,
    "mini": heroicons.heroicon_mini,
    "outline": heroicons.heroicon_outline,
    "solid": heroicons.heroicon_solid,
}


@register.simple_tag
def icon(name: str, style: str = "mini", css: str = "") -> SafeString:
    """The Heroicon ``name``; those that point left or right are mirrored in RTL pages."""
    return _svg(str(name), str(style), str(css))


@cache
def _svg(name: str, style: str, css: str) -> SafeString:
    points = {"left", "right"} & set(name.split("-"))
    classes = " ".join(filter(None, ("icon", "icon-dir" if points else "", css)))
    svg = _STYLES[style](name, size=None, **{"class": classes, "aria_hidden": "true"})
    return mark_safe(svg)  # noqa: S308 - from the package's own files, attributes are ours


@register.simple_tag(takes_context=True)
def query_fields(context: Context, *, keep: str = "", drop: str = "") -> SafeString:
    """Hidden inputs that carry GET parameters through a form."""
    query = context.request.GET  # type: ignore[attr-defined] # a RequestContext
    kept, dropped = keep.split(), drop.split()
    pairs = [
        (key, value)
        for key, values in query.lists()
        for value in values
        if (key in kept if kept else key not in dropped)
    ]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


@register.filter
def initials(name: str) -> str:
    """Two letters that stand for a person: ``Maya Okonkwo`` -> ``MO``."""
    words = str(name).replace(".", " ").split()
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()
