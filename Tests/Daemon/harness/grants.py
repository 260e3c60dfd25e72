"""What a real server says that it grants."""

from .control import Control, Json
from .waiting import await_that


def probed(control: Control, host: str) -> Json:
    """The row of a probe that every question of was answered in time, once the server has announced its grants, which it does
    right after the handshake. The daemon waits for each answer for some seconds, which a busy machine may take."""
    rows: list[Json] = []

    def is_answered() -> bool:
        rows[:] = control.run(["grants", host, "--probe"]).rows
        (row,) = rows
        return row["roster"] != "none" and not any("does not answer" in str(value) for value in row.values())

    await_that(is_answered, lambda: f"the last answer was {rows}")
    return rows[0]
