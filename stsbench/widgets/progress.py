"""Progress of long work in a notebook: a bar and a cancel button by hand, nothing in batch."""

from collections.abc import Iterator
from contextlib import contextmanager

from stsbench.domain.progress import NO_PROGRESS, CancellableProgress, Progress

__all__ = ["shown"]


@contextmanager
def shown(title: str, *, interactive: bool = True) -> Iterator[Progress]:
    """Show a bar while the work inside the `with` runs.

    Parameters
    ----------
    title : str
    interactive : bool
        False in batch: nothing is shown. By hand the kernel's interrupt button cancels.
    """
    if not interactive:
        yield NO_PROGRESS
        return
    import ipywidgets  # noqa: PLC0415 - only by hand
    from IPython.display import display  # noqa: PLC0415

    bar = ipywidgets.FloatProgress(value=0.0, min=0.0, max=1.0, description=title)
    step = ipywidgets.Label("")
    display(ipywidgets.HBox([bar, step]))

    def show(name: str, done: float) -> None:
        bar.value, step.value = done, name

    yield CancellableProgress(show)
    bar.value, step.value = 1.0, "done"
