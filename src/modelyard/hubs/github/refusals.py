"""What GitHub means when it refuses. Pure."""

from __future__ import annotations

from modelyard.errors import KeyWrong, RateLimited, YardError
from modelyard.hubs.answers import refusal_record, text
from modelyard.hubs.refusals import refusal
from modelyard.net.api import Answer
from modelyard.net.exchange import telling

TITLE = "GitHub"
SETTINGS = "https://github.com/settings/tokens"


@telling
def explain(answer: Answer, what: str) -> YardError:
    """The error behind a refusal (rate limits: GitHub docs, "Rate limits for the REST API")."""
    told = text(refusal_record(answer).get("message"))
    if answer.status == 429 or (answer.status == 403 and _is_spent(answer, told)):
        reset = answer.headers.get("x-ratelimit-reset").strip()
        return RateLimited(
            f"{TITLE} allows no more questions for now.",
            hint=f"Wait, or store a key with `modelyard keys set github` ({SETTINGS}): it raises the limit.",
            until=int(reset) if reset.isascii() and reset.isdigit() and len(reset) < 12 else None,
        )
    if answer.status == 401:
        return KeyWrong(f"{TITLE} does not know the key that is kept for it.", link=SETTINGS)
    return refusal(answer, TITLE, what=what, told=told)


def _is_spent(answer: Answer, told: str | None) -> bool:
    return answer.headers.get("x-ratelimit-remaining").strip() == "0" or "rate limit" in (told or "").lower()
