"""What the sandbox's rules stand on belief: nobody here has seen AWS do it.

The rest is from AWS's documentation, its SDKs' models, or what other cleaners' code shows. Whoever
has an account to try it in should begin here.
"""

from __future__ import annotations

from collections.abc import Mapping

# By the rule's name, or the part of the sandbox that does it.
BELIEVED: Mapping[str, str] = {
    "the address of a service stays with it": (
        "Disassociating the address of a NAT gateway is refused with AuthFailure."
    ),
    "an interface in use stays": (
        "A lent interface is refused as one in use is; a free one lets its addresses go."
    ),
    "a lent interface is not detached": (
        "The refusal is OperationNotPermitted and names 'ela-attach', for every service."
    ),
    "a nat gateway goes in steps": (
        "Its interface is there until it is `deleted`, and its address can be released only then;"
        " a deletion that fails leaves it `failed`, with both. AWS documents `failed` for creation."
    ),
    "an endpoint goes with its interfaces and routes": (
        "A deleted endpoint is not listed any more, rather than listed as `deleted`."
    ),
    "an instance ends in steps": (
        "Ended instances are listed for an hour, with their tags, without subnet, groups and"
        " interfaces; they keep what they hold until they are `terminated`."
    ),
    "a protected instance ends none of those named with it": (
        "AWS spares those in the same availability zone; here all are spared."
    ),
    "a vpc in use stays": "Gateway endpoints hold it as interface endpoints do.",
    "a gateway stays attached while public addresses are mapped": (
        "Addresses that an instance was given at launch count as elastic ones do."
    ),
    "a route to what is gone is a black hole": (
        "A route to a gateway that is only detached is one, too."
    ),
    "a group that goes launches nothing": (
        "It says `Delete in progress` from the call until its instances have ended."
    ),
    "a group s instances go with it protected or not": (
        "Termination protection does not keep Auto Scaling from ending an instance."
    ),
    "an attached instance names no template": (
        "Members that were attached by hand have neither template nor launch configuration."
    ),
    "a protected balancer stays": (
        "Its interfaces go with it unless a lag is set; AWS takes minutes."
    ),
    "a pending key refuses use": "Tagging counts as use.",
    "members bear the stack s tags": (
        "Every kind of member that can be tagged bears them, IAM roles too."
    ),
    "a stack goes in steps with its members": (
        "It ends protected instances, and fails on a bucket that is not empty."
    ),
    "a table goes in steps": "Deleting it again is ResourceInUseException meanwhile.",
    "the index has all of ec2 s kinds": (
        "Network ACLs, DHCP options, egress-only gateways and placement groups are listed; the last"
        " by name. Resources whose last tag was taken off are not."
    ),
    "the index has listeners": "The tagging API lists them, as it lists their balancers.",
    "a list of profiles shows no tags": "Nor do the roles within it.",
    "gateway: DryRun": (
        "Every EC2 call honours it, and none looks first whether the thing is there; where policies"
        " are enforced, it is held against the tags of what it names."
    ),
    "gateway: throttling": (
        "Auto Scaling, CloudFormation and load balancing say `Throttling` with 400, Lambda"
        " TooManyRequestsException with 429."
    ),
    "gateway: internal errors": "They are all called InternalError; AWS has several names.",
}
