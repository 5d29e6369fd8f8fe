"""Listing, reading, making, changing and deleting: what all collections have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from reaper.sandbox.faults import Effect
from reaper.sandbox.kernel.gateway import Strike
from reaper.sandbox.kernel.graph import Node
from reaper.sandbox.kernel.operations import Failure
from reaper.sandbox.kernel.pages import BadToken, page
from reaper.sandbox.kernel.requests import Reply, Request, as_json
from reaper.sandbox.oci import ending, working
from reaper.sandbox.oci.asking import Target, body_of
from reaper.sandbox.oci.dialect import Refused, not_found, not_served
from reaper.sandbox.oci.estate import HOME, Estate
from reaper.sandbox.oci.making import make
from reaper.sandbox.oci.shapes import SHAPES
from reaper.sandbox.oci.shapes.networks import assigned
from reaper.sandbox.oci.sorts import SORTS, Sort

_PAGE = 100
_LARGEST = 1000
# What an update may not touch.
_FIXED = frozenset({"id", "compartmentId", "lifecycleState", "timeCreated"})


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call.

    Attributes:
        user: Who signed it.
    """

    estate: Estate
    request: Request
    strike: Strike
    at: Target
    user: str

    def body(self) -> dict[str, Any]:
        """Read the request's body."""
        return body_of(self.request)

    def not_served(self) -> Refused:
        """Say that this is not here."""
        return not_served(self.request.method, self.request.path)

    def reply(self, status: int, body: Any = None, *headers: tuple[str, str]) -> Reply:
        """Answer with what every answer has."""
        own = (("opc-request-id", self.estate.digits(32).upper()), *headers)
        if body is None:
            return Reply(status=status, headers=own)
        written = as_json(status, body)
        return Reply(status=status, body=written.body, headers=(*written.headers, *own))


def listed(call: Call, sort: Sort) -> Reply:
    """Answer with a page of a collection."""
    items = [_summary(sort, each) for each in _passing(call, sort)]
    return paged(call, items, enveloped=sort.enveloped)


def paged(call: Call, items: Iterable[Mapping[str, Any]], *, enveloped: bool = False) -> Reply:
    """Answer with a page of these, in the order of their IDs."""
    estate, request = call.estate, call.request
    if call.strike(Effect.EXPIRED) and request.parameter("page"):
        raise Refused(400, "InvalidParameter", "The page token is not valid any more")
    key = _key_of
    size = min(int(request.parameter("limit") or _PAGE), _LARGEST)
    asked = {name: each for name, each in request.query.items() if name not in {"page", "limit"}}
    try:
        cut = page(
            sorted(items, key=key),
            key=key,
            size=max(1, size),
            token=request.parameter("page") or None,
            query=f"{request.path} {sorted(asked.items())}",
            now=estate.clock.elapsed(),
            lasts_s=estate.lags.token_s,
        )
    except BadToken as error:
        raise Refused(400, "InvalidParameter", "The page token is not valid") from error
    body = {"items": list(cut.items)} if enveloped else list(cut.items)
    headers = () if cut.token is None else (("opc-next-page", cut.token),)
    return call.reply(200, body, *headers)


def _key_of(item: Mapping[str, Any]) -> str:
    return str(
        item.get("id")
        or item.get("identifier")
        or item.get("name")
        or item.get("fingerprint")
        or item
    )


def _passing(call: Call, sort: Sort) -> Iterator[Node]:
    """What of a collection a list is asked for, with what is over and shown still."""
    request, estate = call.request, call.estate
    for name in sort.wants:
        if not request.parameter(name):
            raise Refused(400, "MissingParameter", f"Missing required parameter: {name}")
    where = request.parameter("compartmentId")
    if where and not estate.is_compartment(where):
        raise not_found(where)
    if not sort.wants and not any(request.parameter(name) for name in sort.narrows):
        raise Refused(400, "MissingParameter", "Missing one of: " + ", ".join(sort.narrows))
    partial = call.strike(Effect.PARTIAL)
    below = _subtree(call, sort, where)
    filters = [*sort.wants, *sort.narrows, "displayName", "lifecycleState", "name"]
    for node in everything(estate, sort):
        if partial and sum(map(ord, node.path)) % 2:
            continue
        if sort.home or node.facts["region"] == call.at.region:
            body = node.body
            mine = where == "" or body.get("compartmentId") in below
            if mine and all(
                str(body.get(name)) == request.parameter(name)
                for name in filters
                if name != "compartmentId" and request.parameter(name)
            ):
                yield node


def _subtree(call: Call, sort: Sort, where: str) -> set[str]:
    """The compartments that a list is about: one, or with it all that are below the root one."""
    estate = call.estate
    whole = call.request.flag("compartmentIdInSubtree")
    if sort.kind != "identity.compartments" or not whole:
        return {where}
    if where != estate.tenancy:
        raise Refused(400, "InvalidParameter", "compartmentIdInSubtree needs the root compartment")
    return {where, *(each.path for each in everything(estate, sort))}


def everything(estate: Estate, sort: Sort) -> Iterator[Node]:
    """What there is of a sort, and what is over and shown still."""
    yield from estate.graph.of(sort.kind)
    now = estate.clock.elapsed()
    for departed in tuple(estate.departed.values()):
        if departed.node.kind == sort.kind and departed.until > now:
            yield departed.node


def _summary(sort: Sort, node: Node) -> dict[str, Any]:
    if not sort.fields:
        return node.body
    shown = {**node.body, **node.facts.get("summary", {})}
    return {name: shown[name] for name in sort.fields if name in shown}


def find(call: Call, sort: Sort) -> Node:
    """Find the thing that is asked for.

    Raises:
        Refused: It is not there, or it is not shown.
    """
    node = call.estate.shown(call.at.id)
    away = node is not None and not sort.home and node.facts["region"] != call.at.region
    if node is None or node.kind != sort.kind or away or _hidden(call, node):
        raise not_found(call.at.id)
    return node


def _hidden(call: Call, node: Node) -> bool:
    hidden = call.strike(Effect.HIDDEN)
    age = call.estate.clock.elapsed() - node.born
    return hidden is not None and timedelta(seconds=age) < hidden.delay


def read(call: Call, sort: Sort) -> Reply:
    """Answer with one thing."""
    node = find(call, sort)
    return call.reply(200, node.body, ("etag", call.estate.etags[node.path]))


def created(call: Call, sort: Sort) -> Reply:
    """Make something, once for each `opc-retry-token`."""
    estate = call.estate
    if sort.home and call.at.region != HOME:
        message = f"Please go to your home region {HOME} to execute CREATE operations."
        raise Refused(403, "NotAllowed", message)
    token = call.request.headers.get("opc-retry-token", "")
    known = estate.answered.get((call.request.path, token)) if token else None
    node = estate.shown(known) if known else None
    if node is None:
        facts = {"vault": call.at.vault} if call.at.vault else {}
        node = make(
            estate, sort.kind, call.body(), region=call.at.region, shapes=SHAPES, facts=facts
        )
        if token:
            estate.answered[call.request.path, token] = node.path
    headers = [("etag", estate.etags[node.path])]
    if sort.request:
        work = working.begin(estate, node, "CREATE", takes_s=estate.lags.create_s)
        headers.append(("opc-work-request-id", work.name))
    if sort.service == "loadbalancer":
        return call.reply(202, None, *headers)
    return call.reply(200, node.body, *headers)


def updated(call: Call, sort: Sort) -> Reply:
    """Change something."""
    node = find(call, sort)
    check_etag(call, node)
    asked = {key: each for key, each in call.body().items() if key not in _FIXED}
    if sort.kind == "core.publicIps" and "privateIpId" in asked:
        _reassign(call, node, str(asked.pop("privateIpId") or ""))
    node.body.update(asked)
    call.estate.changed(node)
    return call.reply(200, node.body, ("etag", call.estate.etags[node.path]))


def _reassign(call: Call, address: Node, private: str) -> None:
    """Let a public address be of another private one, or of none."""
    if address.body["lifetime"] == "EPHEMERAL":
        raise Refused(409, "IncorrectState", f"{address.path} is ephemeral, and never moves")
    if private == address.body.get("assignedEntityId"):
        return
    shown = assigned(call.estate, private) if private else {}
    ending.unassign(call.estate, address)
    address.body |= shown


def check_etag(call: Call, node: Node) -> None:
    """Refuse what is on the condition of another state."""
    wanted = call.request.headers.get("if-match")
    if wanted and wanted != call.estate.etags[node.path]:
        raise Refused(412, "NoEtagMatch", "The if-match header does not match the current etag")


def deleted(call: Call, sort: Sort) -> Reply:
    """Begin to delete something, with what goes along."""
    estate = call.estate
    node = find(call, sort)
    if sort.home and call.at.region != HOME:
        message = f"Please go to your home region {HOME} to execute DELETE operations."
        raise Refused(403, "NotAllowed", message)
    if sort.conditional:
        check_etag(call, node)
    if node.gone or node.going:
        state = node.body.get("lifecycleState")
        raise Refused(409, "IncorrectState", f"{sort.words} {node.path} is {state}")
    ending.refuse(node)
    if sort.kind == "core.instances":
        _choose_volumes(call, node)
    for each, held in estate.graph.blockers(node):
        if not held.rule.late:
            raise Refused(409, "Conflict", _in_use(each, held.by))
    late = call.strike(Effect.LATE)
    takes = estate.lags.compartment_s if sort.kind == "identity.compartments" else 0.0
    work = ending.begin(
        estate,
        node,
        takes_s=takes or estate.lags.delete_s,
        fails=None if late is None else Failure(code="InternalError", message="It has failed late"),
    )
    status = 202 if sort.request else 204
    return call.reply(status, None, ("opc-work-request-id", work.name))


def _choose_volumes(call: Call, node: Node) -> None:
    """Take in which volumes go with an instance: the boot volume, and launched ones if asked."""
    request = call.request
    takes: list[str] = []
    if not request.flag("preserveBootVolume"):
        takes.append(str(node.facts["bootVolume"]))
    if not request.flag("preserveDataVolumesCreatedAtLaunch", otherwise=True):
        takes += node.facts.get("launched", [])
    node.facts["takes"] = takes
    call.estate.graph.touch(node)


def _in_use(node: Node, by: Node) -> str:
    words, user = SORTS[node.kind].words, SORTS[by.kind].words
    return (
        f"The {words} {node.path} references the {user} {by.path}. You must remove the reference"
        " to proceed with this operation."
    )


Answerer = Callable[[Call, Sort], Reply]
