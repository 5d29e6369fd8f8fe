"""A world's storage: volumes, a snapshot, an image, and a bucket that is not empty."""

from __future__ import annotations

from reaper.sandbox.aws.world.builder import Builder


def add_disks(builder: Builder) -> None:
    """Create a volume, a snapshot of it, and an image that holds another one."""
    ec2 = builder.client("ec2")
    volume = builder.note(
        "aws:ec2:volume",
        ec2.create_volume(
            AvailabilityZone=f"{builder.region}a",
            Size=1,
            TagSpecifications=builder.tagged("volume"),
        )["VolumeId"],
        part="free",
    )
    _, held = (
        builder.note(
            "aws:ec2:snapshot",
            ec2.create_snapshot(VolumeId=volume, TagSpecifications=builder.tagged("snapshot"))[
                "SnapshotId"
            ],
            part=part,
        )
        for part in ("free", "held")
    )
    device = "/dev/sda1"
    image = ec2.register_image(
        Name=f"{builder.name}-image",
        RootDeviceName=device,
        BlockDeviceMappings=[{"DeviceName": device, "Ebs": {"SnapshotId": held}}],
        TagSpecifications=builder.tagged("image"),
    )
    builder.note("aws:ec2:image", image["ImageId"])


def add_bucket(builder: Builder, *, objects: int) -> None:
    """Create a versioned bucket with versions, a delete marker and an upload that was left."""
    s3 = builder.client("s3")
    bucket = f"{builder.name}-bucket".lower().replace("_", "-")
    asked: dict[str, object] = {}
    if builder.region != "us-east-1":
        asked["LocationConstraint"] = builder.region
    if builder.tags:
        asked["Tags"] = builder.pairs
    s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": asked} if asked else {}))
    builder.note("aws:s3:bucket", bucket, f"arn:aws:s3:::{bucket}")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(objects):
        for body in (b"older", b"newer"):
            s3.put_object(Bucket=bucket, Key=f"object-{number:06}", Body=body)
    if objects:
        s3.delete_object(Bucket=bucket, Key="object-000000")
    s3.create_multipart_upload(Bucket=bucket, Key="never-completed")
