"""What is shown of a test that has failed, beside what pytest shows: for a conftest.py to import."""

from collections.abc import Iterator

import pytest

from .server_process import started


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """The ends of the servers' logs, which are removed with the servers."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for server in dict.fromkeys(started):
            server.has_seen_a_failure = True
            report.sections.append((f"{getattr(server, 'files', type(server).__name__)} in {server.directory}", server.last_words()))
