"""`python -m stsbench` and the console script `stsbench`."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    from stsbench.cli.application import run  # noqa: PLC0415 - keeps `import stsbench` cheap

    sys.exit(run())


if __name__ == "__main__":
    main()
