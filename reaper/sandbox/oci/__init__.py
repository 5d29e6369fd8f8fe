"""An OCI tenancy of one's own on loopback, as strict, as slow and as faulty as Oracle's is.

`OciSandbox` starts it inside this process, `python -m reaper.sandbox.oci` as one of its own:

    with OciSandbox() as sandbox:
        client = oci.core.ComputeClient(
            sandbox.key.config(), service_endpoint=f"{sandbox.endpoint}/us-ashburn-1"
        )

These answer: Compute, Networking and Block Storage (`/20160918/…`), Load Balancer, Network Load
Balancer, Identity, Vault with its keys, Object Storage (`/n/…`), Resource Search and work
requests. Requests must be signed with the sandbox's own key. What is not here is answered with
501, and in strict mode noted.
"""

from reaper.sandbox.oci.server import Key as Key
from reaper.sandbox.oci.server import OciSandbox as OciSandbox
