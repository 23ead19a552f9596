"""One kernel for the notebooks of one order, one after the other.

Rules owned here:
- Starting a kernel and importing a bench take longer than most of the work on a sample scan; the
  four notebooks of an order pay it once.
- A notebook finds nothing of the one before: the kernel's namespace is emptied in between. What
  was imported stays imported, as it does when a technician runs a notebook again.
- Never shared between orders: what a kernel holds in memory ends with its order.
- Its sockets lie in a folder of its own: by default all kernels share one name.

Source: nbclient keeps a kernel that it was given (`NotebookClient.setup_kernel`).
"""

import contextlib
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from stsbench.errors import QualityGateError

__all__ = ["SharedKernel"]

_EMPTY = "get_ipython().reset(new_session=True)"
_PATIENCE_S = 60.0


class SharedKernel:
    """A kernel for several runs; started by the first, ended by leaving the `with` block.

    Examples
    --------
    >>> with SharedKernel() as kernel:  # doctest: +SKIP
    ...     run_notebook(first, {}, kernel=kernel)
    ...     run_notebook(second, {}, kernel=kernel)
    """

    def __init__(self) -> None:
        self._rest = contextlib.ExitStack()
        self._kernels: Any = None

    def __enter__(self) -> Self:
        from jupyter_client.manager import AsyncKernelManager  # noqa: PLC0415 - loads jupyter
        from traitlets.config import Config  # noqa: PLC0415

        folder = self._rest.enter_context(tempfile.TemporaryDirectory(prefix="stsbench-kernel-"))
        settings = {"transport": "ipc", "ip": str(Path(folder) / "k")}
        self._kernels = AsyncKernelManager(
            kernel_name="python3", config=Config({"KernelManager": settings})
        )
        self._kernels.client = partial(self._client, self._kernels.client)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        from jupyter_core.utils import run_sync  # noqa: PLC0415

        with self._rest:
            if self._kernels.has_kernel:
                run_sync(self._kernels.shutdown_kernel)(now=True)

    def emptied(self) -> Any:
        """Return the kernel manager for the next run, with an empty namespace.

        Raises
        ------
        QualityGateError
            The kernel died in the run before.
        """
        from jupyter_core.utils import run_sync  # noqa: PLC0415

        if self._kernels.has_kernel:
            run_sync(self._empty)()
        return self._kernels

    def _client(self, make: Callable[..., Any], **settings: Any) -> Any:
        """Make a client whose sockets are closed with the kernel; nbclient leaves them open."""
        client = make(**settings)
        self._rest.callback(client.stop_channels)
        return client

    async def _empty(self) -> None:
        client = self._kernels.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=_PATIENCE_S)
            reply = await client.execute(_EMPTY, silent=True, reply=True, timeout=_PATIENCE_S)
        except (RuntimeError, TimeoutError):
            reply = {"content": {"status": "dead"}}
        if reply["content"]["status"] != "ok":
            raise QualityGateError("The order's kernel died.", "Run the order again.")
