"""Operations (作业)."""

from __future__ import annotations

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.views.operation import OperationDetail, OperationView
from egovcloud.services import operation as service
from egovcloud.services import operation_view as shown

routes = Routes("operations")


@routes.get("/operations", permission="operation:read", listing=shown.LISTING)
def list_operations(call: Call, query: ListParams) -> Page[OperationView]:
    """Operations of my subtree; the house's own upkeep when `kind` asks for it."""
    return Page[OperationView].of(shown.page(call.house, reader(call), query.query()))


@routes.get("/operations/<operation_id>", permission="operation:read")
def show_operation(call: Call, operation_id: str) -> OperationDetail:
    """One operation with its steps and its parts."""
    return OperationDetail.of(shown.get(call.house, reader(call), operation_id))


@routes.post("/operations/<operation_id>/retry", permission="operation:read", status=202)
def retry_operation(call: Call, operation_id: str) -> OperationView:
    """Do it again from its first step; who asked for it may, and operators."""
    operation = service.retry(call.house, call.actor, operation_id)
    return OperationView.of(shown.show(call.house, reader(call), operation.id))


@routes.post("/operations/<operation_id>/cancel", permission="operation:read")
def cancel_operation(call: Call, operation_id: str) -> OperationView:
    """Undo it; who asked for it may, and operators."""
    operation = service.cancel(call.house, call.actor, operation_id)
    return OperationView.of(shown.show(call.house, reader(call), operation.id))
