"""The API's part about customers, and the token that every part asks for."""

from customers.api.customers import router
from customers.services.tokens import actor_of_token
from softswitch.core.api import TokenAuth

__all__ = ["router", "token_auth"]

token_auth = TokenAuth(actor_of_token)
