import pytest

from modelyard.errors import AddressForbidden
from modelyard.net.guard import Guard, Reach, reach_of


@pytest.mark.parametrize(
    ("ip", "reach"),
    [
        ("93.184.216.34", Reach.PUBLIC),
        ("127.0.0.1", Reach.PRIVATE),
        ("10.1.2.3", Reach.PRIVATE),
        ("192.168.1.1", Reach.PRIVATE),
        ("::1", Reach.PRIVATE),
        ("::ffff:127.0.0.1", Reach.PRIVATE),
        ("::ffff:169.254.169.254", Reach.NEVER),
        ("169.254.169.254", Reach.NEVER),
        ("0.0.0.0", Reach.NEVER),
        ("224.0.0.1", Reach.NEVER),
        ("fe80::1%eth0", Reach.NEVER),
    ],
)
def test_every_address_has_a_reach(ip: str, reach: Reach) -> None:
    assert reach_of(ip) is reach


def test_a_person_may_name_loopback_and_a_stranger_may_not() -> None:
    assert Guard(allow_private=True).check("127.0.0.1", "http://localhost", None) is Reach.PRIVATE
    with pytest.raises(AddressForbidden):
        Guard(allow_private=False).check("127.0.0.1", "http://localhost", None)


def test_a_public_server_cannot_lead_into_the_local_network() -> None:
    with pytest.raises(AddressForbidden):
        Guard(allow_private=True).check("10.0.0.1", "http://inside", Reach.PUBLIC)


def test_a_registered_hub_may_be_private_for_anybody() -> None:
    guard = Guard(allow_private=False, registered=frozenset({"http://10.0.0.5"}))
    assert guard.check("10.0.0.5", "http://10.0.0.5", None) is Reach.PRIVATE


def test_metadata_addresses_are_never_reached() -> None:
    with pytest.raises(AddressForbidden):
        Guard(allow_private=True).check("169.254.169.254", "http://169.254.169.254", None)
