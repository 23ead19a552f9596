"""stsbench: the open workbench for dental laboratories.

From Python:

    import stsbench
    stsbench.inspect_file("scan.ply")                          every mesh defect, counted and placed
    stsbench.repair_file("scan.ply", "out.ply", profile="study")
    stsbench.model_file("scan.ply", "model.stl", arch="lower", profile="study")

Each returns its report. These work on loose files, outside the vault. Cases with patient data go
through `stsbench intake` and the notebooks: `stsbench demo` shows the whole chain on samples.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# One BLAS thread, set before numpy loads: results stay the same to the bit, small solves do not
# wait for each other, and kernels use both cores by threads of their own.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

if TYPE_CHECKING:
    from stsbench.workflow.loose_files import inspect_file as inspect_file
    from stsbench.workflow.loose_files import model_file as model_file
    from stsbench.workflow.loose_files import repair_file as repair_file

__all__ = ["inspect_file", "model_file", "repair_file"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("stsbench.workflow.loose_files"), name)
    if name == "__version__":
        return import_module("importlib.metadata").version("stsbench")
    raise AttributeError(f"module 'stsbench' has no attribute {name!r}")
