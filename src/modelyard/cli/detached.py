"""`modelyard get --detach`: queue addresses for the service, which is started when none runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from modelyard.cli.telling import Teller

if TYPE_CHECKING:
    from modelyard.app import App


def queue_all(app: App, teller: Teller, addresses: Sequence[str], shared: Mapping[str, Any]) -> int:
    """Queue addresses; gives the exit code.

    Raises:
        YardError: Nothing could be queued.
    """
    from modelyard.cli.yard import started
    from modelyard.server.client import Client
    from modelyard.server.problem import error_told

    client = Client(app.folder, started(app.folder))
    _, told = client.ask("POST", "/api/v1/tasks", {"addresses": addresses, "shared": shared})
    for number in told["ids"]:
        teller.data({"event": "queued", "id": number})
    errors = [error_told(**refusal["error"]) for refusal in told["refused"]]
    for error, refusal in zip(errors, told["refused"], strict=True):
        teller.error(error, refusal["address"])
    numbers = _span(told["ids"])
    if numbers:
        teller.result(f"Queued as {numbers}. Watch with `modelyard top`; it goes on without you.")
    return errors[0].exit_code if errors else 0


def _span(numbers: Sequence[int]) -> str:
    if len(numbers) > 3 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers))
