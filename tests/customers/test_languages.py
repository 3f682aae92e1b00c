"""The language of a page: the user's, then the customer's."""

import pytest
from django.test import Client

from customers.models import Customer, User
from tests.world import World


def page_of(world: World, name: str) -> str:
    client = Client()
    client.force_login(world.user(name), backend="django.contrib.auth.backends.ModelBackend")
    return client.get("/").content.decode()


@pytest.mark.parametrize(
    ("of_user", "of_customer", "head", "word"),
    [
        ("", "en", '<html lang="en" dir="ltr"', "Customer list"),
        ("", "es", '<html lang="es" dir="ltr"', "Lista de clientes"),
        ("", "ar", '<html lang="ar" dir="rtl"', "قائمة العملاء"),
        ("es", "ar", '<html lang="es" dir="ltr"', "Lista de clientes"),
        ("en", "es", '<html lang="en" dir="ltr"', "Customer list"),
    ],
)
def test_the_user_chooses_before_the_customer(
    world: World, of_user: str, of_customer: str, head: str, word: str
) -> None:
    Customer.objects.filter(pk=world.reseller.pk).update(language=of_customer)
    User.objects.filter(pk=world.user("reseller").pk).update(language=of_user)

    page = page_of(world, "reseller")

    assert head in page
    assert word in page


def test_a_page_without_a_user_is_in_the_browsers_language(client: Client) -> None:
    page = client.get("/login/", headers={"accept-language": "es"}, follow=True).content.decode()

    assert 'lang="es"' in page
    assert "Iniciar sesión" in page
