"""Executed notebooks are sealed with their case: they hold verdicts and codes of a patient."""

from stsbench.domain.access import Purpose, Role
from stsbench.workflow.cases import open_case

__all__ = ["seal_notebook"]


def seal_notebook(case_number: str, document: str, *, role: Role = Role.TECHNICIAN) -> str:
    """Store an executed notebook under its case; return the object's id.

    Parameters
    ----------
    case_number : str
    document : str
        The notebook, JSON.
    role : Role

    Raises
    ------
    AccessRefusedError
        The case may not be opened.
    """
    with open_case(case_number) as case:
        scan = case.scans[0]
        with case.client.open_object(
            case.number, scan.scan_id, purpose=Purpose.REPAIR, role=role
        ) as lease:
            entry = case.client.store_object(
                case.number,
                kind="notebook",
                data=document.encode(),
                parents=(scan.scan_id,),
                lease_id=lease.lease_id,
                summary={},
            )
    return entry.object_id
