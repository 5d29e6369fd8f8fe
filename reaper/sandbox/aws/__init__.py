"""An AWS of one's own on loopback: moto, made as strict, as slow and as faulty as AWS is.

`AwsSandbox` starts it inside this process, `python -m reaper.sandbox.aws` as one of its own.
Neither moto nor boto3 is imported before it is started.
"""

from reaper.sandbox.aws.server import AwsSandbox as AwsSandbox
