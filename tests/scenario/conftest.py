import pytest

from daemon import Daemon


@pytest.fixture
def daemon():
    """A running daemon below a root of its own; nothing of it is left afterwards."""
    it = Daemon()
    try:
        it.start()
        yield it
    finally:
        it.remove()
