"""What the rehearsal account says no with: refusals of a call, and failures of one resource."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class Refusal(ServiceException):
    """An API call that is refused at once; the client sees it as a `ClientError` with this code and message."""

    def __init__(self, message: str, code: str = "ValidationError") -> None:
        super().__init__(code, message)


class OperationFailed(Exception):  # noqa: N818 - it is what happened, not a fault of the program
    """A stack operation that was taken up and then failed; its text is the reason that the events show."""


class ResourceFailed(OperationFailed):
    """One resource could not be created, changed, read or deleted."""
