"""Where the notebooks and sample orders lie: in the checkout, or inside an installed wheel.

One resolver, used everywhere: a wheel carries both under `stsbench/_bundled`.
"""

from pathlib import Path

from stsbench.errors import StorageError

__all__ = ["notebooks_folder", "samples_folder"]

_PACKAGE = Path(__file__).resolve().parents[1]


def notebooks_folder() -> Path:
    """Return the folder of the notebooks.

    Raises
    ------
    StorageError
        The installation is incomplete.
    """
    return _bundled("notebooks")


def samples_folder() -> Path:
    """Return the folder of the synthetic sample orders.

    Raises
    ------
    StorageError
        The installation is incomplete.
    """
    return _bundled("data_samples")


def _bundled(name: str) -> Path:
    for folder in (_PACKAGE / "_bundled" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise StorageError(f"The {name} are missing from this installation.", "Install stsbench again.")
