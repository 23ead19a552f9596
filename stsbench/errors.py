"""Every error stsbench raises on purpose.

StsbenchError
├── InputError (ValueError)      the data or the arguments are wrong; the caller can fix them
│   ├── MeshError                shape, index range, winding
│   │   └── NotManifoldError     an edge or vertex where the surface branches
│   ├── FormatError              a file is not what its name or header claims
│   └── OrderError               an order is incomplete or contradicts its scans
├── PrivacyError                 the data is fine; this use of it is not
│   ├── AccessRefusedError       no purpose, role or consent covers the request
│   ├── SealError                decryption or signature check failed
│   └── AuditError               the audit log does not verify, or could not be written
├── StorageError                 the vault, the disk or a system library is not available
│   └── RenderError              no picture could be drawn on this machine
├── QualityGateError             a model was made and must not be released
└── CancelledError               the person at the screen asked to stop

A message says what is wrong with the values that show it, then what to do. It never carries a name,
a birth date or a path that holds one: use the case number, the patient code or the intake ticket.
"""

__all__ = [
    "AccessRefusedError",
    "AuditError",
    "CancelledError",
    "FormatError",
    "InputError",
    "MeshError",
    "NotManifoldError",
    "OrderError",
    "PrivacyError",
    "QualityGateError",
    "RenderError",
    "SealError",
    "StorageError",
    "StsbenchError",
]


class StsbenchError(Exception):
    """Root of the tree; catch it to catch everything stsbench means to raise.

    Parameters
    ----------
    problem : str
        What is wrong, with the values that show it.
    remedy : str
        What to do next, in the imperative.
    """

    # Both stay positional: an exception crosses a process boundary as cls(*args).
    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}"

    def _render_traceback_(self) -> list[str]:
        """Show one line in a notebook: IPython calls this instead of listing frames and locals."""
        return [f"{type(self).__name__}: {self}"]


class InputError(StsbenchError, ValueError):
    """The data or the arguments are wrong."""


class MeshError(InputError):
    """A mesh breaks a rule its arrays must keep."""


class NotManifoldError(MeshError):
    """The surface branches at an edge or a vertex."""


class FormatError(InputError):
    """A file is not what its name or header claims."""


class OrderError(InputError):
    """An order is incomplete or contradicts its scans."""


class PrivacyError(StsbenchError):
    """The use asked for is not allowed."""


class AccessRefusedError(PrivacyError):
    """No purpose, role or consent covers the request."""


class SealError(PrivacyError):
    """Decryption or signature check failed; it does not say which."""


class AuditError(PrivacyError):
    """The audit log does not verify, or could not be written."""


class StorageError(StsbenchError):
    """The vault, the disk or a system library is not available."""


class RenderError(StorageError):
    """No picture could be drawn on this machine."""


class QualityGateError(StsbenchError):
    """A model was made and must not be released."""


class CancelledError(StsbenchError):
    """The person at the screen asked to stop."""
