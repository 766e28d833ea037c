"""Schemathesis: every route of the real service, fed with what its description allows and forbids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.generation.meta import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from server.serving import API, served

CHECKS = [content_type_conformance, negative_data_rejection, response_schema_conformance, status_code_conformance]
NOWHERE = {f"{name}_proxy": "http://127.0.0.1:9" for name in ("http", "https", "all")} | {
    "MODELYARD_RETRY_RETRIES": "0"
}
"""Whatever address is made up, nothing leaves this machine."""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_route_breaks_its_own_description(tmp_path: Path) -> None:
    load_all_checks()
    with served(tmp_path / "yard", env=NOWHERE) as yard:
        headers = {"Authorization": f"Bearer {yard.token}", "Content-Type": "application/json"}
        described = yard.ask("GET", f"{API}/openapi.json").json
        for method in [method for path in described["paths"].values() for method in path.values()]:
            del method["security"]  # every request here has the token; what happens without is in test_doors.py
        schema = schemathesis.openapi.from_dict(described)
        failures: list[str] = []
        for result in schema.get_all_operations():
            operation = result.ok()
            modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
            for mode in modes if _may_be_wrong(operation) else modes[:1]:
                try:
                    _feed(operation, mode, yard.url, headers)
                except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001  # one report for all routes
                    failures += [f"{mode} {operation.label}: {part}" for part in getattr(error, "exceptions", [error])]
            assert yard.ask("GET", "/healthz").status == 200, "it still runs"
        yard.stop()
        assert not failures, "\n\n".join(failures)
        assert "Traceback" not in "".join(yard.lines), "".join(yard.lines)[-3000:]


def _may_be_wrong(operation: Any) -> bool:
    """Whether anything can break its description: a thousand tries find nothing where any text is right."""
    told = operation.definition.raw
    any_text = {"type": "string"}
    return "requestBody" in told or any(each["schema"] != any_text for each in told.get("parameters", []))


def _idle(case: Any, status: int) -> list[Any]:
    """Checks that say nothing here.

    What shall break the schema of a list's rows breaks nothing in an empty list, and 413 refuses, too.
    """
    if status == 413:
        return [negative_data_rejection]
    broken = [place for place, part in case.meta.components.items() if part.mode is GenerationMode.NEGATIVE]
    if broken != [ParameterLocation.BODY] or not isinstance(case.body, dict | list):
        return []
    described = case.operation.definition.raw["requestBody"]["content"].get(case.media_type, {}).get("schema")
    root = {"components": case.operation.schema.raw_schema["components"]}
    fits = described is not None and jsonschema_rs.validator_for({**described, **root}).is_valid(case.body)
    return [negative_data_rejection] if fits else []


def _feed(operation: Any, mode: GenerationMode, url: str, headers: dict[str, str]) -> None:
    @settings(
        max_examples=8,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def feed(case: Any) -> None:
        if isinstance(case.query, dict) and "wait" in case.query and mode is GenerationMode.POSITIVE:
            case.query["wait"] = 0  # nobody wants to wait for it here
        answer = case.call(base_url=url, headers=headers, timeout=60)
        assert answer.status_code != 500, answer.text
        case.validate_response(
            answer, checks=[check for check in CHECKS if check not in _idle(case, answer.status_code)]
        )
        if answer.status_code >= 400:
            told = operation.definition.raw["responses"][str(answer.status_code)]["description"]
            assert answer.json()["code"] in told.removeprefix("One of: ").rstrip(".").split(", "), (told, answer.text)

    try:
        feed()
    except Exception as error:
        if type(error).__name__ == "Unsatisfiable":
            return  # nothing of this kind can be made for a route that takes nothing
        raise
