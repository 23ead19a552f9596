"""The broker's requests: what each takes and which desk answers.

Rules owned here:
- Every answer is JSON, except the bytes of a lease and of an export. Who asks is what the kernel
  said when the connection was made, never what the request says.
- Many opens and many closes travel in one request and share one commit.
"""

import json
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stsbench.domain.access import Attestation, Purpose, ReasonCode, Role
from stsbench.errors import InputError
from stsbench.privacy.audit_entries import Outcome
from stsbench.vault.answering import Handler, actor_of, guarded, json_body, peer_of
from stsbench.vault.audit_log import AuditContext
from stsbench.vault.audit_requests import audit_routes
from stsbench.vault.broker import Broker
from stsbench.vault.case_rows import case_record, insert_verdict, list_cases
from stsbench.vault.doctor import examine
from stsbench.vault.erasure import erase_case
from stsbench.vault.lease_bytes import stream_lease
from stsbench.vault.peers import hello_proof
from stsbench.vault.records import LeaseRequest
from stsbench.vault.refusals import refused
from stsbench.vault.releasing import release_object
from stsbench.vault.wire import as_document, value_from

__all__ = ["application"]

_STAGES = ("intake", "repair", "model", "review")
_LARGEST_OBJECT = 2 << 30
_LARGEST_HEAD = 1 << 20
_MOST_REQUESTS = 10_000


def application(broker: Broker, *, token: str = "") -> Starlette:
    """Return the ASGI application of a broker.

    Parameters
    ----------
    broker : Broker
    token : str
        Asked of every request where connections have no user (loopback); else empty.
    """
    desk = _Requests(broker)
    # The first that fits answers, so what is asked most stands first.
    routes: list[tuple[str, str, Handler]] = [
        ("POST", "/v1/leases", desk.open),
        ("POST", "/v1/leases/close", desk.close),
        ("GET", "/v1/leases/{lease}/bytes", desk.read),
        ("GET", "/v1/leases/{lease}", desk.lease),
        ("POST", "/v1/cases/{case}/objects", desk.store),
        ("POST", "/v1/cases/{case}/verdicts", desk.record_verdict),
        ("GET", "/v1/cases/{case}", desk.case),
        ("GET", "/v1/cases", desk.cases),
        ("POST", "/v1/intake/preview", desk.preview),
        ("POST", "/v1/intake/show", desk.preview_of),
        ("POST", "/v1/intake/confirm", desk.confirm),
        ("POST", "/v1/intake/abandon", desk.abandon),
        ("POST", "/v1/cases/{case}/release", desk.release),
        ("POST", "/v1/cases/{case}/erase", desk.erase),
        ("POST", "/v1/cases/{case}/withdraw", desk.withdraw),
        ("GET", "/v1/status", desk.status),
        ("GET", "/v1/doctor", desk.doctor),
        ("POST", "/v1/stop", desk.stop),
    ]
    # Asked before the token is sent, so without it; a Unix socket needs none.
    hello = Route("/v1/hello/{nonce}", partial(_hello, token), methods=["GET"])
    return Starlette(
        routes=[
            Route(path, guarded(handler, broker, token), methods=[method])
            for method, path, handler in routes
        ]
        + audit_routes(broker, token)
        + ([hello] if token else [])
    )


class _Requests:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def open(self, request: Request) -> Response:
        body = await json_body(request)
        asked = [value_from(LeaseRequest, each) for each in body["requests"]]
        if len(asked) > _MOST_REQUESTS:
            raise InputError(
                f"{len(asked)} opens in one request.", f"Ask {_MOST_REQUESTS} at most."
            )
        answers = await self._broker.leases.grant_together(asked, actor=actor_of(request))
        return JSONResponse({"answers": as_document(answers)})

    async def close(self, request: Request) -> Response:
        body = await json_body(request)
        outcome = Outcome.FAILED if body.get("failed") else Outcome.COMPLETED
        self._broker.leases.close([str(each) for each in body["leases"]], outcome=outcome)
        return JSONResponse({})

    async def read(self, request: Request) -> Response:
        return stream_lease(self._broker, request.path_params["lease"])

    async def lease(self, request: Request) -> Response:
        lease = self._broker.leases.find(request.path_params["lease"])
        return JSONResponse({"open_until": lease.open_until})

    async def store(self, request: Request) -> Response:
        head, data = await _framed_body(request)
        entry = await self._broker.derivations.store(
            request.path_params["case"],
            kind=str(head["kind"]),
            data=data,
            parents=[str(each) for each in head["parents"]],
            lease_id=str(head["lease"]),
            summary=dict(head["summary"]),
            actor=actor_of(request),
        )
        return JSONResponse(as_document(entry))

    async def record_verdict(self, request: Request) -> Response:
        body = await json_body(request)
        stage, verdict = str(body["stage"]), str(body["verdict"])
        if stage not in _STAGES or not verdict.isidentifier() or len(verdict) > 16:
            raise InputError("This is no verdict of a stage.", f"Stages: {', '.join(_STAGES)}.")
        case = self._broker.find_case(request.path_params["case"])
        context = AuditContext(subject=case.subject, case_number=case.case_number)
        with self._broker.store.audit.writing(actor_of(request)) as batch:
            insert_verdict(
                batch.rows,
                case.case_id,
                stage=stage,
                verdict=verdict,
                detail=dict(body["detail"]),
                at=batch.at,
            )
            batch.event(f"verdict_{stage}", Outcome.COMPLETED, context)
        return JSONResponse({})

    async def cases(self, _request: Request) -> Response:
        with self._broker.store.database.snapshot() as rows:
            return JSONResponse({"cases": as_document(list_cases(rows))})

    async def case(self, request: Request) -> Response:
        case = self._broker.find_case(request.path_params["case"])
        with self._broker.store.database.snapshot() as rows:
            return JSONResponse(as_document(case_record(rows, case.case_id)))

    async def preview(self, request: Request) -> Response:
        body = await json_body(request)
        preview = await self._broker.intake.preview(str(body["folder"]), actor=actor_of(request))
        return JSONResponse(as_document(preview))

    async def preview_of(self, request: Request) -> Response:
        body = await json_body(request)
        return JSONResponse(as_document(self._broker.intake.preview_of(str(body["ticket"]))))

    async def confirm(self, request: Request) -> Response:
        body = await json_body(request)
        outcome = await self._broker.intake.confirm(
            str(body["ticket"]),
            attestations=[value_from(Attestation, each) for each in body["attestations"]],
            apply_unit=body["apply_unit"] is True,
            arch_answers={str(name): str(word) for name, word in body["arch_answers"].items()},
            actor=actor_of(request),
        )
        return JSONResponse(as_document(outcome))

    async def abandon(self, request: Request) -> Response:
        body = await json_body(request)
        await self._broker.intake.abandon(str(body["ticket"]), actor=actor_of(request))
        return JSONResponse({})

    async def release(self, request: Request) -> Response:
        body = await json_body(request)
        path = release_object(
            self._broker.store,
            self._broker.policy,
            case_number=request.path_params["case"],
            object_id=str(body["object_id"]),
            role=_role(body["role"]),
            actor=actor_of(request),
        )
        return JSONResponse({"path": str(path)})

    async def erase(self, request: Request) -> Response:
        body = await json_body(request)
        number = request.path_params["case"]
        try:
            receipt = erase_case(
                self._broker.store,
                case_number=number,
                role=_role(body["role"]),
                reason=str(body["reason"]),
                actor=actor_of(request),
            )
        finally:
            self._broker.cases.forget(number)  # its key may be gone even when the rest failed
        self._broker.leases.end_for_case(number, ReasonCode.CASE_ERASED)
        return JSONResponse(receipt)

    async def withdraw(self, request: Request) -> Response:
        body = await json_body(request)
        try:
            purpose = Purpose(str(body["purpose"]))
        except ValueError:
            raise refused(ReasonCode.PURPOSE_NOT_COVERED) from None
        on = self._broker.withdraw_consent(
            request.path_params["case"], purpose, actor=actor_of(request)
        )
        return JSONResponse({"withdrawn_on": on.isoformat()})

    async def status(self, _request: Request) -> Response:
        return JSONResponse(self._broker.status())

    async def doctor(self, request: Request) -> Response:
        return JSONResponse(examine(self._broker, peer_of(request)))

    async def stop(self, _request: Request) -> Response:
        self._broker.stop()
        return JSONResponse({})


async def _hello(token: str, request: Request) -> Response:
    """Show that this is the broker whose token the client has read; asked without the token."""
    return JSONResponse({"proof": hello_proof(token, request.path_params["nonce"])})


def _role(word: Any) -> Role:
    try:
        return Role(str(word))
    except ValueError:
        raise refused(ReasonCode.ROLE_NOT_ALLOWED) from None


async def _framed_body(request: Request) -> tuple[dict[str, Any], memoryview]:
    """Read four bytes of length, a JSON head of that length, and the object."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_OBJECT:
            raise InputError(
                f"An object is larger than {_LARGEST_OBJECT >> 20} MiB.", "Store it in parts."
            )
    length = int.from_bytes(body[:4], "big")
    if length > _LARGEST_HEAD or len(body) < 4 + length:
        raise InputError("An object came without its head.", "Use the client of stsbench.")
    head = json.loads(bytes(body[4 : 4 + length]))
    if not isinstance(head, dict):
        raise InputError("An object came without its head.", "Use the client of stsbench.")
    return head, memoryview(body)[4 + length :]
