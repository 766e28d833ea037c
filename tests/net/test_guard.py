import pytest

from modelyard.errors import AddressForbidden
from modelyard.net.guard import Guard, Reach, Sender, reach_of


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
        ("::", Reach.NEVER),
        ("::127.0.0.1", Reach.NEVER),
        ("64:ff9b::7f00:1", Reach.PRIVATE),
        ("64:ff9b::a9fe:a9fe", Reach.NEVER),
        ("64:ff9b::808:808", Reach.PUBLIC),
        ("64:ff9b:1::a00:1", Reach.PRIVATE),
        ("2002:7f00:1::", Reach.PRIVATE),
        ("2002:a9fe:a9fe::1", Reach.NEVER),
        ("2001:0:7f00:1::1", Reach.PRIVATE),
        ("fd00:ec2::254", Reach.NEVER),
        ("100.100.100.200", Reach.NEVER),
        ("168.63.129.16", Reach.NEVER),
        ("100.64.0.1", Reach.PRIVATE),
        ("fc00::1", Reach.PRIVATE),
        ("2606:4700::1111", Reach.PUBLIC),
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
        Guard(allow_private=True).check("10.0.0.1", "http://inside", Sender(Reach.PUBLIC, "https://out.example"))


def test_a_registered_hub_may_be_private_for_anybody() -> None:
    guard = Guard(allow_private=False, registered=frozenset({"http://10.0.0.5"}))
    assert guard.check("10.0.0.5", "http://10.0.0.5", None) is Reach.PRIVATE


def test_metadata_addresses_are_never_reached() -> None:
    with pytest.raises(AddressForbidden):
        Guard(allow_private=True).check("169.254.169.254", "http://169.254.169.254", None)


LAN, OTHER, OUT = "http://nas.local:8080", "http://nas.local:9090", "https://out.example"


@pytest.mark.parametrize("trusted", [False, True])
def test_a_registered_hub_may_redirect_to_itself_and_to_public_hosts_only(trusted: bool) -> None:
    guard = Guard(allow_private=trusted, registered={LAN, OTHER})
    from_lan = Sender(Reach.PRIVATE, LAN)
    assert guard.check("10.0.0.5", LAN, from_lan) is Reach.PRIVATE
    assert guard.check("93.184.216.34", OUT, from_lan) is Reach.PUBLIC
    for target in (OTHER, "http://10.0.0.9"):
        with pytest.raises(AddressForbidden):
            guard.check("10.0.0.5", target, from_lan)


@pytest.mark.parametrize("trusted", [False, True])
def test_a_public_server_leads_to_no_registered_hub_either(trusted: bool) -> None:
    guard = Guard(allow_private=trusted, registered={LAN})
    with pytest.raises(AddressForbidden):
        guard.check("10.0.0.5", LAN, Sender(Reach.PUBLIC, OUT))


def test_a_registered_hub_is_one_exact_origin() -> None:
    guard = Guard(allow_private=False, registered={LAN})
    for near in (OTHER, "https://nas.local:8080", "http://nas.local", "http://nas.local.evil.example:8080"):
        with pytest.raises(AddressForbidden):
            guard.check("10.0.0.5", near, None)


def test_registration_opens_no_metadata_address() -> None:
    with pytest.raises(AddressForbidden):
        Guard(allow_private=True, registered={LAN}).check("169.254.169.254", LAN, None)


def test_a_person_may_follow_one_server_at_home_to_another() -> None:
    guard = Guard(allow_private=True)
    assert guard.check("10.0.0.6", OTHER, Sender(Reach.PRIVATE, LAN)) is Reach.PRIVATE
