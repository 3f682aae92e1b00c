"""The one error that services raise when a rule forbids what was asked."""

from softswitch.core.display import spoken


class DomainError(Exception):
    """A rule of the business says no.

    ``code`` is for programs and tests (``"balance_not_zero"``), ``message`` for people; ``field``
    names the input at fault where there is one. Views answer 422 with the message, the API
    ``{"code", "detail"}``, a task fails with it. A message that is a Reason is said in the language
    of whoever asks for it; ``reason`` is what is stored for readers of other languages.
    """

    def __init__(self, code: str, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.reason = message
        self.field = field

    @property
    def message(self) -> str:
        """Why, in the active language."""
        return spoken(self.reason)
