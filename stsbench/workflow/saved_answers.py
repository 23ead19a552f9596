"""The answers that were saved with a case: where a bench takes up the work again."""

import json

from stsbench.domain.answers import Answers
from stsbench.errors import InputError
from stsbench.workflow.bench_lease import WatchedLeases
from stsbench.workflow.cases import latest_object

__all__ = ["answers_saved_with"]


def answers_saved_with(leases: WatchedLeases) -> Answers:
    """Return what was decided when the case was last saved; nothing before that.

    Raises
    ------
    AccessRefusedError
        Purpose, role or consent do not cover it.
    InputError
        They are of another version.
    """
    scans = leases.case.scans
    if not scans:
        return Answers()
    try:
        entry = latest_object(leases.case.record.objects, "answers", scans[0].scan_id)
    except InputError:
        return Answers()
    return Answers.from_json(json.loads(leases.open(entry.object_id).read()))
