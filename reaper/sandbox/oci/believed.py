"""What the sandbox's rules stand on belief: nobody here has seen OCI do it.

The rest is from the SDK's own documentation, from recorded answers, or from what users of other
tools report. Whoever has a tenancy to try it in should begin here.
"""

from __future__ import annotations

from collections.abc import Mapping

_ORDER = "It is the order in which everybody deletes; the refusal has not been seen."

# By the rule's name, or the part of the sandbox that does it.
BELIEVED: Mapping[str, str] = {
    "a vnic goes with its attachment": "Detaching a VNIC deletes it; the attachment stays listed.",
    **dict.fromkeys(
        (
            "a configuration of a pool stays",
            "a route table of a vnic stays",
            "a public ip of a nat gateway stays",
            "a public ip of a load balancer stays",
            "a public ip of a network load balancer stays",
            "a volume of a group stays",
            "a subnet of a load balancer stays",
            "a group of a load balancer stays",
            "a subnet of a network load balancer stays",
            "a group of a network load balancer stays",
        ),
        _ORDER,
    ),
    "core: refusals": (
        "They are 409 Conflict with the sentence that users report of subnets; documentation says"
        " that OCI may answer 409 IncorrectState, or flip a subnet's state back later."
    ),
    "core: what is over": (
        "Instances are shown for twelve hours at least, as documented; volumes, attachments,"
        " images, pools and load balancers for an hour, which is a guess."
    ),
    "core: OCIDs of attachments": "Those of boot volumes have a type of their own.",
    "core: retention of backups": "One whose deletion is prevented is refused as IncorrectState.",
    "core: pools": "They make instances anew as soon as these are gone.",
    "core: nodes of Kubernetes": (
        "An instance's metadata name the node pool that keeps it up, as `oke-pool-id`: reaper keeps"
        " it by that alone."
    ),
    "core: public IPs": (
        "A reserved one is AVAILABLE when what it was assigned to is gone. That of a load balancer"
        " names a private address that nobody can read."
    ),
    "search: index": (
        "It names what is over in its last state, lags only where a fault says so, and knows what"
        " has no region in the home region only. Conditions compare without regard to case."
    ),
    "search: buckets": "Their identifier is their OCID, and their name is the display name.",
    "identity: credentials": "A user with API keys, tokens or secret keys is refused as Conflict.",
    "identity: compartments": "One that is not empty is accepted, and its work request fails.",
    "kms: endpoints": "A vault's part of its OCID is in its endpoints and in its keys' OCIDs.",
    "objectstorage: refusals": "What keeps a bucket is always BucketNotEmpty.",
    "objectstorage: retention": "An object under a rule is 403 RetentionRuleActive.",
    "policies: what deletions need": (
        "What the deletion of an instance, a pool, an attachment or a load balancer needs beyond"
        " managing it is what users grant for it; a smaller verb may do. Pre-authenticated"
        " requests are listed by whoever may manage them only."
    ),
    "dialect: throttling": "It is 429 TooManyRequests without Retry-After.",
}
