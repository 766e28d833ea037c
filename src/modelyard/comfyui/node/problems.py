"""Refusals, told as the service tells them: RFC 9457 with a code and the next step."""

from __future__ import annotations


class Refused(Exception):  # named by what happened
    """A request that is not passed on.

    Attributes:
        status: Of the HTTP answer.
        code: Stable and kebab-case.
        hint: The next step a person can take.
    """

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.hint = status, code, hint

    def as_dict(self) -> dict[str, object]:
        """The body of a problem."""
        return {
            "type": f"urn:modelyard:{self.code}",
            "title": self.code.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": str(self),
            "code": self.code,
            "hint": self.hint,
            "retryable": self.status in (503, 504),
            "request_id": "",
        }


class NoYard(Refused):
    """The service does not answer."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(503, "no-service", message, hint)
