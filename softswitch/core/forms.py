"""Forms that see only what the actor may see, laid out in sections by our own markup.

    class AccountForm(ScopedModelForm):
        sections = (Section(_("Basic"), ("name", "kind")), Section(_("Charging"), ("tariff",)))
        widths = {"name": 4, "kind": 2}

        class Meta:
            model = Account
            fields = ("name", "kind", "tariff")

Every ModelChoiceField offers only ``.visible_to(actor)``; a model without that rule must be named
in ``public_choices`` (currencies), else ImproperlyConfigured. A method
``narrow_<field>(self, queryset)`` narrows one field further. ``widths`` are columns of six;
``ticks`` name the box that stands beside a field ("Never").
Forms of services that move money add IdempotentFormMixin.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import QuerySet
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import Text
from softswitch.core.errors import DomainError

FULL_WIDTH = 6
LARGEST_LIMIT = 2**31 - 1  # of an integer column


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of fields; fields not named in any section come last, without a title."""

    title: Text
    fields: tuple[str, ...]
    help: Text = ""


@dataclass(frozen=True, slots=True)
class BoundSection:
    """A section with its bound fields, ready to show."""

    title: Text
    help: Text
    fields: list[BoundField]


class StyledBoundField(BoundField):
    """A field whose widget wears our classes, and says when it is wrong."""

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        built = super().build_widget_attrs(attrs, widget)
        classes = [self.field.widget.attrs.get("class", ""), *self._classes()]
        built["class"] = " ".join(filter(None, classes))
        if isinstance(self.field, forms.DecimalField):
            built.setdefault("inputmode", "decimal")
        return built

    def _classes(self) -> Iterator[str]:
        widget = self.field.widget
        if isinstance(
            widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple
        ):
            yield "form-check-input"
        elif isinstance(widget, forms.Select):
            yield "form-select"
        else:
            yield "form-control"
        if isinstance(self.field, forms.DecimalField | forms.IntegerField):
            yield "num"
        if self.errors:
            yield "is-invalid"

    @property
    def is_check(self) -> bool:
        """Whether the control stands before its label."""
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def is_list(self) -> bool:
        """Whether the control is a list of boxes or radio buttons, each with a label of its own."""
        return isinstance(self.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)

    @property
    def query_class(self) -> str:
        """The class that gives the field its width in a query form."""
        widget = self.field.widget
        if isinstance(widget, forms.DateTimeInput | forms.DateInput):
            return "date"
        if isinstance(self.field, forms.ModelChoiceField):
            return ""
        return "narrow" if isinstance(widget, forms.Select | forms.NumberInput) else ""

    @property
    def tick(self) -> "BoundField | None":
        """The box beside the field, by which it is nothing at all."""
        name = getattr(self.form, "ticks", {}).get(self.name, "")
        return self.form[name] if name in self.form.fields else None

    @property
    def width(self) -> str:
        """The class that spans the field's columns of six."""
        columns = getattr(self.form, "widths", {}).get(self.name, FULL_WIDTH)
        return "" if columns == FULL_WIDTH else f"f{columns}"


class NamedChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice among too many rows for a list: the name is typed, whole or a part that fits once.

    ``name_field`` is the field it is looked for in; the error is the same whether a row does not
    exist or is not the actor's.
    """

    widget = forms.TextInput
    default_error_messages: ClassVar = {
        "none": _("Nothing here has this name."),
        "many": _("More than one fits: type the whole name."),
    }

    def __init__(self, *args: Any, name_field: str = "name", **kwargs: Any) -> None:
        self.name_field = name_field
        super().__init__(*args, **kwargs)

    def to_python(self, value: Any) -> Any:
        """The row named so; None for an empty name."""
        name = str(value or "").strip()
        if not name:
            return None
        ProhibitNullCharactersValidator()(name)
        rows = cast("QuerySet[Any]", self.queryset).order_by("pk")
        whole = list(rows.filter(**{f"{self.name_field}__iexact": name})[:1])
        found = whole or list(rows.filter(**{f"{self.name_field}__icontains": name})[:2])
        if len(found) != 1:
            code = "many" if found else "none"
            raise forms.ValidationError(self.error_messages[code], code=code)
        return found[0]


DASHES = "---------"  # Django's own choice of nothing


class LimitField(forms.IntegerField):
    """A limit of calls at once or per second: empty is unlimited, 0 allows none."""

    def __init__(self, label: Any) -> None:
        super().__init__(label=label, required=False, min_value=0, max_value=LARGEST_LIMIT)


class MomentField(forms.DateTimeField):
    """A moment in the viewer's zone, in a year that every zone and the database can tell."""

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        if found is not None and not 1 < found.year < 9999:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return found


class ScopedFormMixin(forms.BaseForm):
    """Narrows choices to the actor's scope and lays the fields out."""

    bound_field_class = StyledBoundField
    sections: ClassVar[Sequence[Section]] = ()
    widths: ClassVar[Mapping[str, int]] = {}
    public_choices: ClassVar[Sequence[str]] = ()
    ticks: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        self.actor = actor
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, forms.ModelChoiceField):
                self._narrow(name, field)

    def _narrow(self, name: str, field: "forms.ModelChoiceField[Any]") -> None:
        rows = field.queryset
        if rows is None:
            raise ImproperlyConfigured(f"{type(self).__name__}.{name} has no query set")
        if name not in self.public_choices:
            if not hasattr(rows, "visible_to"):
                raise ImproperlyConfigured(
                    f"{type(self).__name__}.{name}: {rows.model.__name__} has no visible_to(); "
                    "name the field in public_choices if everybody may see all of it"
                )
            rows = rows.visible_to(self.actor)
        further = getattr(self, f"narrow_{name}", None)
        field.queryset = further(rows) if further else rows
        if field.empty_label == DASHES:
            field.empty_label = _("Choose…") if field.required else "–"

    def add_domain_error(self, error: DomainError) -> None:
        """Show what a service refused, at the field it names, or above the form."""
        self.add_error(error.field if error.field in self.fields else None, error.message)

    def laid_out(self) -> list[BoundSection]:
        """The visible fields by section; a section whose fields were all taken out is left out."""
        placed = {name for section in self.sections for name in section.fields}
        placed.update(self.ticks.values())
        rest = tuple(field.name for field in self.visible_fields() if field.name not in placed)
        sections = [*self.sections, *([Section("", rest)] if rest else [])]
        shown = [
            BoundSection(
                section.title,
                section.help,
                [self[name] for name in section.fields if name in self.fields],
            )
            for section in sections
        ]
        return [section for section in shown if section.fields]

    def wrong_fields(self) -> list[BoundField]:
        """The fields with errors, for the summary above the form."""
        return [self[name] for name in self.errors if name in self.fields]


class ScopedForm(ScopedFormMixin, forms.Form):
    """A form without a model."""


class ScopedModelForm(ScopedFormMixin, forms.ModelForm):  # type: ignore[type-arg]
    """A form of a model's fields; it validates, the view's service writes."""


class IdempotentFormMixin(forms.Form):
    """A hidden key, new with each shown form, so that a form sent twice posts once.

    Hand ``cleaned_data["idempotency_key"]`` (a UUID) to the service.
    """

    idempotency_key = forms.UUIDField(
        widget=forms.HiddenInput,
        initial=uuid.uuid4,
        error_messages={"required": _("Open the form again: its key is missing.")},
    )
