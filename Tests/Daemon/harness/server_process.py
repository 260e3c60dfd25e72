"""What the servers under test have in common: one process each, which is stopped by its own id."""

import subprocess
from typing import Any


class ServerProcess:
    """A server that a subclass starts by setting `_process`."""

    # Seconds that it may take to end by itself.
    PATIENCE = 10

    _process: "subprocess.Popen[Any] | None" = None

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=self.PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()
