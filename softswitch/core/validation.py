"""Checks values by the columns they are for, so that every door refuses the same in one way."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _

from softswitch.core.errors import DomainError


def clean_columns(model: type[Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` as the columns of ``model`` take them: type, length, choices, validators.

    Forms have checked theirs before; the API and file imports come without one. Rows in ``values``
    are taken as they are. Raises DomainError ``invalid`` naming the first wrong column.
    """
    return {name: _clean(model, name, value) for name, value in values.items()}


def check_columns(row: Model, names: Iterable[str]) -> None:
    """Clean the named columns of ``row`` where they stand; as clean_columns."""
    for name in names:
        attribute = getattr(row._meta.get_field(name), "attname", name)
        setattr(row, attribute, _clean(type(row), name, getattr(row, attribute)))


def _clean(model: type[Model], name: str, value: Any) -> Any:
    if isinstance(value, Model):
        return value
    if isinstance(value, str) and "\0" in value:
        raise DomainError("invalid", _("This holds a NUL character."), field=name)
    try:
        column: Any = model._meta.get_field(name)
        return column.clean(value, None)
    except FieldDoesNotExist as error:
        raise DomainError("invalid", _("There is no such field."), field=name) from error
    except ValidationError as error:
        raise DomainError("invalid", " ".join(error.messages), field=name) from error


def check_language(language: str) -> None:
    """Raise DomainError ``invalid`` for a language that the portal does not speak."""
    if language not in dict(settings.LANGUAGES):
        raise DomainError("invalid", _("Choose a language of the portal."), field="language")
