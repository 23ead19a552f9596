"""A failpoint kills exactly where it is asked to, and nowhere else."""

import os
import signal
import subprocess
import sys

import pytest

from stsbench.domain.failpoints import VARIABLE

PROGRAM = """
from stsbench.domain.failpoints import failpoint
print("before", flush=True)
failpoint("here.now")
print("after", flush=True)
"""


@pytest.mark.parametrize(
    ("named", "expected_lines"),
    [
        (None, ["before", "after"]),
        ("", ["before", "after"]),
        ("here.never", ["before", "after"]),
        ("here.now", ["before"]),
    ],
)
def test_only_the_named_place_kills(named, expected_lines):
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    if named is not None:
        environment[VARIABLE] = named
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == expected_lines
    killed = done.returncode == -signal.SIGKILL
    assert killed == (named == "here.now")
