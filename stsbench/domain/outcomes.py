"""The outcome a notebook leaves behind: codes and verdicts a batch can read from its output."""

__all__ = ["OUTCOME_MIME"]

OUTCOME_MIME = "application/vnd.stsbench.outcome+json"
