"""What the sandbox's rules stand on belief: nobody here has seen Azure do it.

The rest is from Azure's documentation, its SDKs, recorded answers, or from what users of other
tools report. Whoever has a subscription to try it in should begin here.
"""

from __future__ import annotations

from collections.abc import Mapping

_ORDER = "It is the order in which everybody deletes; the refusal has not been seen."

# By the rule's name, or the part of the sandbox that does it.
BELIEVED: Mapping[str, str] = {
    "a machine goes with its flexible scale set": (
        "Deleting a flexible scale set deletes its machines, too."
    ),
    "an interface of a private endpoint does not go alone": (
        "It is refused; the code is made up of how others are called."
    ),
    "an immutable container keeps its account": (
        "That the deletion is refused is documented; the code is not."
    ),
    "an interface forgets a load balancer that goes": (
        "The balancer may go while interfaces are in its pools."
    ),
    **dict.fromkeys(
        (
            "an address of a NAT gateway stays",
            "a security group of a scale set stays",
            "a route table of a subnet stays",
            "a network with scale sets stays",
            "a network with private endpoints stays",
            "a gallery with images stays",
            "a gallery image with versions stays",
        ),
        _ORDER,
    ),
    "arm: what is put": (
        "It is there at once. Disks, snapshots and storage accounts are answered with 202 and both"
        " headers, since 202 is what their SDKs know for it; the others with 201 or 200."
    ),
    "key vault: recovery": (
        "A vault that is put with the createMode recover is as it was; tags that are put with it"
        " replace its own. Where none was deleted it is refused with DeletedVaultNotFound."
    ),
    "arm: what is being deleted": (
        "Deleting it again is refused with AnotherOperationInProgress, a group with"
        " ResourceGroupBeingDeleted."
    ),
    "arm: locks": (
        "A lock on what is in a group refuses the group's deletion at once; it is also reported to"
        " come from the operation (terraform-provider-azurerm 17478), which a fault can call for."
    ),
    "arm: groups": (
        "Their deletion empties them in whatever order that takes. What is held from outside stays"
        " and is told in `details`, each error as JSON in a text, as users report."
    ),
    "arm: $expand": "`createdTime` is told of all resources, and is the moment of the first PUT.",
    "arm: late failures": (
        "Those that a fault calls for without a code are InternalExecutionError, which Compute has;"
        " the result at a Location has status 409."
    ),
    "compute: system disks": "One that comes with a machine bears none of its tags.",
    "compute: signatures": (
        "What has an active shared access signature is refused with OperationNotAllowed, and keeps"
        " its group from going; that group deletions hang for it, users report."
    ),
    "keyvault: purge protection": "A purge is refused with 405 MethodNotAllowed.",
    "aks: tags": (
        "All that the cluster makes bears `aks-managed-cluster-name`; a claimed disk bears only"
        " `kubernetes.io-created-for-…`."
    ),
    "graph: columns": "`identity` and `tags` are as the resource shows them.",
}
