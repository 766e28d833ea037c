import os
import threading

from modelyard.store.file_lock import lock, try_lock


def test_who_waits_for_a_lock_has_it_once_its_holder_lets_go(tmp_path):
    first, second = (os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT, 0o600) for _ in range(2))
    assert try_lock(first)
    assert not try_lock(second)
    waiting = threading.Thread(target=lock, args=(second,))
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    os.close(first)
    waiting.join(10)
    assert not waiting.is_alive()
    third = os.open(tmp_path / "lock", os.O_RDWR)
    assert not try_lock(third)
    os.close(second)
    assert try_lock(third)
    os.close(third)
