"""A Google Cloud of one's own on loopback, as strict, as slow and as faulty as Google's is.

`GoogleSandbox` starts it inside this process, `python -m reaper.sandbox.gce` as one of its own:

    with GoogleSandbox(projects=("my-project",)) as sandbox:
        sandbox.endpoint  # http://127.0.0.1:…, for every service: paths are the real ones

It needs no Google library, and these services answer: Compute Engine (`/compute/v1/…`), Cloud
Storage (`/storage/v1/…`, `/upload/storage/v1/…`), and under `/v1/…` KMS, GKE, IAM's service
accounts, Pub/Sub, Secret Manager, Asset Inventory's search and Resource Manager's project (under
`/v3/…` too). `/token` changes any credentials for a token. What is not here is answered with 501,
and in strict mode noted.
"""

from reaper.sandbox.gce.server import GoogleSandbox as GoogleSandbox
