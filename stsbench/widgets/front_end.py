"""Whether somebody looks: widgets are made for a notebook's front end and for nothing else."""

from typing import Any

__all__ = ["has_front_end", "show_widget"]


def has_front_end() -> bool:
    """Return whether this code runs in a notebook's kernel."""
    try:
        from IPython.core.getipython import get_ipython  # noqa: PLC0415 - absent in plain Python
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def show_widget(widget: Any) -> None:
    """Show a widget as the output of the running cell."""
    from IPython.display import display  # noqa: PLC0415 - only in a notebook

    display(widget)
