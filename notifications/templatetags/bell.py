"""The count on the bell of the top bar.

{% load bell %}
{% unread_notices actor as unread %}   "" for none, "3", "9+" beyond nine; one statement
"""

from django import template

from customers.tenancy import Actor
from notifications.selectors import MOST_COUNTED, unread_count
from softswitch.core.display import number_text

register = template.Library()


@register.simple_tag
def unread_notices(actor: Actor) -> str:
    """How many notices are new to the actor's user, in the reader's digits."""
    count = unread_count(actor)
    if count > MOST_COUNTED:
        return f"{number_text(MOST_COUNTED)}+"
    return number_text(count) if count else ""
