"""What an owner has defined for its customers, as far as creating and editing one asks for it."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from customers.choices import Kind
from customers.models import BusinessModel, CustomerClass, User
from customers.permissions import DEFAULT_GRANTS, DELEGATED, allowed
from customers.selectors.actors import effective_rights
from customers.tenancy import Actor
from softswitch.core.errors import DomainError


def business_model_choices() -> QuerySet[BusinessModel]:
    """Business models by name; a form narrows them to the actor's own."""
    rows: QuerySet[BusinessModel] = BusinessModel.objects.order_by("name", "pk")
    return rows


def class_choices() -> QuerySet[CustomerClass]:
    """Customer classes by name; a form narrows them to the actor's own."""
    rows: QuerySet[CustomerClass] = CustomerClass.objects.order_by("name", "pk")
    return rows


def own_business_model(actor: Actor, key: int | None) -> BusinessModel | None:
    """The actor's own model with this key, or None; DomainError ``business_model`` for any other.

    Somebody else's is like one that does not exist.
    """
    if key is None:
        return None
    found: BusinessModel | None = BusinessModel.objects.of(actor).filter(pk=key).first()
    if found is None:
        raise DomainError(
            "business_model", _("Choose one of your business models."), field="business_model"
        )
    return found


def own_class(actor: Actor, key: int | None) -> CustomerClass | None:
    """The actor's own class with this key, or None; else DomainError ``customer_class``."""
    if key is None:
        return None
    found: CustomerClass | None = CustomerClass.objects.of(actor).filter(pk=key).first()
    if found is None:
        raise DomainError(
            "customer_class", _("Choose one of your classes."), field="customer_class"
        )
    return found


def has_business_models(actor: Actor) -> bool:
    """Whether the actor's customer defines any: then each of its customers needs one."""
    return BusinessModel.objects.of(actor).exists()


def has_classes(actor: Actor) -> bool:
    """Whether the actor's customer has any customer class to offer."""
    return CustomerClass.objects.of(actor).exists()


def grantable_rights(
    actor: Actor, *, kind: str, business_model: BusinessModel | None = None
) -> frozenset[str]:
    """What the actor's customer can delegate to a customer of ``kind`` and ``business_model``."""
    if kind not in Kind.values or kind == Kind.ROOT:
        return frozenset()
    rights = DELEGATED & allowed(kind) & effective_rights(actor.customer)
    return rights if business_model is None else rights & frozenset(business_model.rights)


def default_rights(
    actor: Actor, *, kind: str, business_model: BusinessModel | None = None
) -> frozenset[str]:
    """What a new customer is given where nobody chooses."""
    return DEFAULT_GRANTS & grantable_rights(actor, kind=kind, business_model=business_model)


def is_login_taken(login: str) -> bool:
    """Whether any user of the system, archived ones too, signs in by this login."""
    is_taken: bool = User.objects.filter(login=login.strip().lower()).exists()
    return is_taken
