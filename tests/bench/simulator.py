"""How fast the simulator answers, against a page of 50 charged calls in the same world."""

from django.test import Client
from django.urls import reverse

from calls.services.test_data.world import CUSTOMER
from customers.models import User
from tests.bench.customers import median_ms

ASKED = {"numbers": "442079460000", "customer": f"{CUSTOMER} 7", "duration": "61"}
PERIOD = {"since": "2026-03-10T00:00", "until": "2026-03-12T00:00", "per_page": "50"}


def measure() -> tuple[str, bool]:
    """Both in milliseconds, for the operator, who sees four levels; whether it is the faster."""
    client = Client()
    client.force_login(
        User.objects.get(login="operator"), backend="django.contrib.auth.backends.ModelBackend"
    )
    answer = _spent(client, "tariffs:simulator", ASKED, "442079460000: every level has a rate", 1)
    page = _spent(client, "calls:call_list", PERIOD, "<tr>", 50)
    line = f"  the simulator answers in {answer:.0f} ms (limit: a page of 50 calls, {page:.0f} ms)"
    return line, answer <= page


def _spent(client: Client, view: str, query: dict[str, str], told: str, times: int) -> float:
    """Milliseconds of a page, which has ``told`` at least so often."""

    def opened() -> None:
        answer = client.get(reverse(view), query)
        if answer.status_code != 200 or answer.content.decode().count(told) < times:
            raise RuntimeError(f"{view}: {answer.status_code}")

    return median_ms(opened)
