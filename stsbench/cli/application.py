"""The command line: its groups, its errors and its exit codes.

Exit codes: 0 done (verdict pass or review), 2 usage, 3 input unreadable or invalid, 4 verdict hold
or a check failed, 5 access refused, 6 vault or storage not available, 130 cancelled. An error is
one line on stderr; `--debug` adds the traceback. Commands import what they need inside themselves.
"""

import sys
import traceback
from collections.abc import Sequence

from stsbench import errors
from stsbench.cli.usual_words import WrongUsageError, read_words

__all__ = ["exit_code", "run"]

# First match wins: the order follows the tree from its leaves.
_EXIT_CODES: tuple[tuple[type[errors.StsbenchError], int], ...] = (
    (errors.QualityGateError, 4),
    (errors.PrivacyError, 5),
    (errors.StorageError, 6),
    (errors.CancelledError, 130),
    (errors.InputError, 3),
)


def exit_code(error: errors.StsbenchError) -> int:
    """Return the exit code that a script sees for an error."""
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), 1)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        done = _do(words)
    except errors.StsbenchError as error:
        _complain(str(error), debug=debug)
        return exit_code(error)
    except WrongUsageError as error:
        _complain(f"{error} Try --help.", debug=debug)
        return 2
    except KeyboardInterrupt:
        _complain("Stopped; nothing half-written was left.", debug=debug)
        return 130
    except MemoryError:
        _complain("The machine has too little memory for this. Use a smaller scan.", debug=debug)
        return 3
    except Exception as error:  # noqa: BLE001 - the last line of defence shows no values
        _complain(
            f"An unexpected {type(error).__name__} stopped the command. "
            "Run it again with --debug and report what it prints.",
            debug=debug,
        )
        return 1
    return done if isinstance(done, int) else 0


def _do(words: list[str]) -> object:
    usual = read_words(words)
    if usual is None:
        from stsbench.cli.groups import run_words

        return run_words(words)
    from stsbench.cli.loose_work import inspect_loose, repair_loose

    return (inspect_loose if words[0] == "inspect" else repair_loose)(**usual)


def _complain(line: str, *, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    sys.stderr.write(" ".join(line.split()) + "\n")
