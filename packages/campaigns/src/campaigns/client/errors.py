"""The server's errors, made again on the client's side: same class, same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaigns.domain.errors import CampaignError, Fault

__all__ = ("OrderFailed", "OrderPending", "ServerError", "ServerUnreachable", "error_of")


class ServerUnreachable(CampaignError):
    """The server did not answer."""

    code = "server_unreachable"
    status = 503
    title = "The server does not answer"


class OrderFailed(CampaignError):
    """A site could not carry out what was asked of it.

    Parameters
    ----------
    order : mapping
        The order, with its faults.
    """

    code = "order_failed"
    status = 422
    title = "The site could not do it"

    def __init__(self, order: Mapping[str, Any]) -> None:
        faults = _faults(order)
        first = faults[0] if faults else Fault("order_failed", f"The order was {order.get('status', 'not carried out')}.")
        super().__init__(first.message, where=first.where, remedy=first.remedy, faults=faults)


class OrderPending(CampaignError, TimeoutError):
    """A site has not carried out in time what was asked of it; it still works on it.

    Parameters
    ----------
    order : mapping
        The order as it was last seen; kept as ``order``.
    """

    code = "order_pending"
    status = 504
    title = "The site has not answered yet"
    details = ("order",)

    def __init__(self, order: Mapping[str, Any], *, waited_s: float) -> None:
        super().__init__(
            f"The site {order['site']} has not answered in {waited_s:g} s; it still works on the order {order['id']}.",
            where=order["id"],
            remedy=f"Wait for it: GET /api/v1/orders/{order['id']} tells how it stands.",
        )
        self.order = dict(order)


class ServerError(CampaignError):
    """The server failed, or answered in a way that this client does not know.

    Parameters
    ----------
    problem : mapping
        The problem document.
    """

    code = "server_error"
    status = 502
    title = "The server failed"

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(
            str(problem.get("detail") or problem.get("title") or "The server failed."),
            where=problem.get("where"),
            remedy=problem.get("remedy"),
            faults=_faults(problem),
        )
        self._problem = dict(problem)

    def as_problem(self) -> dict[str, Any]:
        """Give the document as it came."""
        return {**super().as_problem(), **self._problem}


def error_of(problem: Mapping[str, Any]) -> CampaignError:
    """Make the error that a problem document tells of.

    Parameters
    ----------
    problem : mapping
        The document.

    Returns
    -------
    error : `CampaignError`
        Of the class with the document's ``code``; `ServerError` if there is none.
    """
    found = _classes().get(str(problem.get("code")))
    if found is None:
        return ServerError(problem)
    # Some classes make up their own message; here it has been made already.
    error = found.__new__(found)
    CampaignError.__init__(
        error,
        str(problem.get("detail", "")),
        where=problem.get("where"),
        remedy=problem.get("remedy"),
        faults=_faults(problem),
    )
    for name in found.details:
        setattr(error, name, problem.get(name))
    return error


def _faults(problem: Mapping[str, Any]) -> list[Fault]:
    listed = problem.get("faults")
    return [Fault.from_dict(item) for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _classes() -> dict[str, type[CampaignError]]:
    found: dict[str, type[CampaignError]] = {}
    waiting = CampaignError.__subclasses__()
    while waiting:
        cls = waiting.pop()
        if cls is not ServerError:
            found[cls.code] = cls
        waiting.extend(cls.__subclasses__())
    return found
