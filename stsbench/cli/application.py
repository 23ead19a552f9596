"""The command line: its groups, its errors and its exit codes.

Exit codes: 0 done (verdict pass or review), 2 usage, 3 input unreadable or invalid, 4 verdict hold
or a check failed, 5 access refused, 6 vault or storage not available, 130 cancelled. An error is
one line on stderr; `--debug` adds the traceback. Commands import what they need inside themselves.
"""

import sys
import traceback
from collections.abc import Sequence

import typer

from stsbench import errors
from stsbench.cli import batch, cases, loose, machine, records

__all__ = ["APPLICATION", "exit_code", "run"]

APPLICATION = typer.Typer(
    name="stsbench",
    help="The open workbench for dental laboratories: repair scans, make models, keep data safe.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (machine, loose, cases):
    group.register(APPLICATION)
APPLICATION.add_typer(batch.GROUP, name="batch")
APPLICATION.add_typer(records.AUDIT, name="audit")
APPLICATION.add_typer(records.VAULT, name="vault")

# typer carries its own copy of click: its usage errors are the ancestors of typer.BadParameter.
USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[2]

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
        done = APPLICATION(words, standalone_mode=False)
    except errors.StsbenchError as error:
        _complain(str(error), debug=debug)
        return exit_code(error)
    except typer.Abort:
        _complain("Stopped; nothing half-written was left.", debug=debug)
        return 130
    except USAGE_ERROR as error:
        message = getattr(error, "format_message", error.__str__)()
        _complain(f"{message} Try --help.", debug=debug)
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


def _complain(line: str, *, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    sys.stderr.write(" ".join(line.split()) + "\n")
