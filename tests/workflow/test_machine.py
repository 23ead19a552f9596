"""Getting a machine ready goes through every kernel, in two processes, and says how far it is."""

import pytest

from stsbench.geometry.kernel_folders import cache_folder
from stsbench.workflow import machine
from stsbench.workflow.machine import compile_beside, compile_kernels


def test_both_halves_run_to_their_ends(capsys):
    told = []

    class Told:
        def step(self, name, done):
            told.append((name, done))

    done = compile_kernels(progress=Told())
    assert 0.0 < done.repair_seconds < done.seconds
    assert done.remark == ""
    names = [name for name, _ in told]
    assert names[0] == "files"
    assert names.index("fill") < names.index("repair") < names.index("tools")
    assert told[-1] == ("done", 1.0)
    assert list(cache_folder().glob("geometry.spikes-*/*.code"))
    compile_beside()
    assert capsys.readouterr().out == "repair\n"


@pytest.mark.parametrize(
    ("program", "remark"),
    [
        ("", ""),
        ("import sys; sys.exit(3)", "The second process ended early (code 3): it said nothing"),
        ("1 / 0", "The second process ended early (code 1): ZeroDivisionError: division by zero"),
    ],
)
def test_a_second_process_that_fails_is_told_and_its_part_is_done(monkeypatch, program, remark):
    monkeypatch.setattr(machine, "_BESIDE", program)
    assert compile_kernels().remark == remark
