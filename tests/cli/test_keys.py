from modelyard.testing import PracticeHub
from running import modelyard


def test_a_key_that_may_download_is_reported_without_a_warning(hub: PracticeHub) -> None:
    found = modelyard("keys", "check", "civitai", "--json", env={**hub.env(), "CIVITAI_TOKEN": "ck_good"})
    (report,) = found.events
    assert found.code == 0, found.err
    assert report["valid"] and report["owner"] == "ada" and "ModelsRead" in report["scopes"]
    assert not report["note"]


def test_a_key_that_nobody_knows_is_told_and_ends_with_the_code_for_access(hub: PracticeHub) -> None:
    found = modelyard("keys", "check", "civitai", "--json", env={**hub.env(), "CIVITAI_TOKEN": "ck_junk"})
    assert found.code == 4 and not found.events[0]["valid"]
