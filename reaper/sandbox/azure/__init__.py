"""An Azure of one's own on loopback, as strict, as slow and as faulty as the real one is.

`AzureSandbox` starts it inside this process, `python -m reaper.sandbox.azure` as one of its own:

    with AzureSandbox() as sandbox:
        sandbox.endpoint  # http://127.0.0.1:…, in place of https://management.azure.com

It needs no Azure library. Any resource can be put, read, listed and deleted by its ID, with an API
version that the provider list has; Compute, Network, private DNS, Storage, Key Vault, managed
identities, locks, role assignments and AKS have their own shapes and rules, and Resource Graph
answers queries. What is not here is answered with 501, and in strict mode noted.
"""

from reaper.sandbox.azure.server import AzureSandbox as AzureSandbox
