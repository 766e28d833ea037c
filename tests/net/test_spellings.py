"""Loopback has many names; a caller who may not go there gets there by none of them."""

import socket
from collections.abc import Iterator

import pytest

from modelyard.app import App
from modelyard.errors import AddressForbidden, YardError

SPELLINGS = [
    "127.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "127.0.0.1.",
    "127.1",
    "127.0.0.2",
    "0",
    "0.0.0.0",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "①②⑦.⓪.⓪.①",
    "public.example@127.0.0.1",
]


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """Something that listens on every address of this machine."""
    made = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    made.setblocking(False)
    with made:
        yield made


def asked(name: str, port: int, *, trusted: bool) -> YardError:
    with App({"MODELYARD_RETRY_RETRIES": "0", "MODELYARD_TIMEOUT_SILENCE": "0.2"}, trusted=trusted) as app:
        with pytest.raises(YardError) as caught:
            app.api.head(f"http://{name}:{port}/model.safetensors")
        return caught.value


@pytest.mark.parametrize("name", SPELLINGS)
def test_no_spelling_of_loopback_is_reached(door: socket.socket, name: str) -> None:
    asked(name, door.getsockname()[1], trusted=False)
    with pytest.raises(BlockingIOError):
        door.accept()


def test_the_person_at_this_machine_may_go_there(door: socket.socket) -> None:
    """The control: it is the guard that holds the others back."""
    asked("127.0.0.1", door.getsockname()[1], trusted=True)
    door.accept()[0].close()


def test_the_refusal_does_not_tell_whether_somebody_listens(door: socket.socket) -> None:
    port = door.getsockname()[1]
    told = [asked("127.0.0.1", tried, trusted=False) for tried in (port, 9)]
    assert [type(error) for error in told] == [AddressForbidden, AddressForbidden]
    assert told[0].message.replace(str(port), "9") == told[1].message
