"""A Google Cloud of one's own on loopback, as strict, as slow and as faulty as Google's is.

`GoogleSandbox` starts it inside this process, `python -m reaper.sandbox.gce` as one of its own:

    with GoogleSandbox(projects=("my-project",)) as sandbox:
        sandbox.endpoint  # http://127.0.0.1:…, for every service: paths are the real ones

It needs no Google library. These answer: `compute.googleapis.com` (`/compute/v1/…`).
"""

from reaper.sandbox.gce.server import GoogleSandbox as GoogleSandbox
