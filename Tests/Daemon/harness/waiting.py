"""Waiting for what nothing announces."""

import time
from collections.abc import Callable

# Seconds. What is done at once may take long on a machine that is busy with other things.
TIMEOUT = 60.0


def await_that(holds: Callable[[], object], message: Callable[[], str] = lambda: "it did not come to that",
               timeout: float = TIMEOUT) -> None:
    """Returns once it holds; fails when it does not for a long time, however often it could be asked in that."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, message()
        time.sleep(0.02)
