"""The command line's groups of commands, as typer reads them."""

from collections.abc import Sequence

import typer

from stsbench.cli import batch, cases, loose, machine, records
from stsbench.cli.usual_words import WrongUsageError

__all__ = ["APPLICATION", "run_words"]

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
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[2]


def run_words(words: Sequence[str]) -> object:
    """Run one command and return what it returns.

    Raises
    ------
    WrongUsageError
        The words are not understood.
    KeyboardInterrupt
        Somebody stopped it.
    """
    try:
        return APPLICATION(list(words), standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except _USAGE_ERROR as error:
        message = getattr(error, "format_message", error.__str__)()
        raise WrongUsageError(message) from None
