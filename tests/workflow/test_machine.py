"""Getting a machine ready goes through every kernel, in two processes, and says how far it is."""

from stsbench.geometry.kernel_folders import cache_folder
from stsbench.workflow.machine import compile_beside, compile_kernels


def test_both_halves_run_to_their_ends(capsys):
    told = []

    class Told:
        def step(self, name, done):
            told.append((name, done))

    assert compile_kernels(progress=Told()) > 0.0
    names = [name for name, _ in told]
    assert names[0] == "files"
    assert names.index("fill") < names.index("repair") < names.index("tools")
    assert told[-1] == ("done", 1.0)
    assert list(cache_folder().glob("geometry.spikes-*/*.code"))
    # The second process hides what it says on stderr: here its half must end as well.
    compile_beside()
    assert capsys.readouterr().out == "repair\n"
