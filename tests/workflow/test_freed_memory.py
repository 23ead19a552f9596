"""Freed memory serves the next array: in a process of its own, for it stays that way."""

import platform
import subprocess
import sys

import pytest

CYCLES = """
import resource
import numpy as np
{first}
def cycle():
    for size in (3, 5, 9, 14):
        parts = [np.ones(size << 17) for _ in range(3)]
        del parts
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
cycle()
cycle()
before = faults()
for _ in range(5):
    cycle()
print(faults() - before)
"""
KEEP = "from stsbench.workflow.freed_memory import keep_freed_memory\nassert keep_freed_memory()"


def faults(first):
    command = [sys.executable, "-c", CYCLES.format(first=first)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked")
def test_pages_are_not_asked_for_again():
    assert faults(KEEP) < 100 < faults("")
