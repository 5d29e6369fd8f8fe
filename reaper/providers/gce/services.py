"""Google's services: where each answers, and below which path a project's things are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One service.

    Attributes:
        name: As its discovery document and the API to be enabled are called.
        root: The path before a resource's ID, with `{project}`.
        permission: How its permissions begin.
        page_size: The parameter of a page's size, and the largest that the service takes.
    """

    name: str
    root: str
    permission: str
    page_size: tuple[str, int]

    @property
    def host(self) -> str:
        """Where it answers."""
        return f"https://{self.name}.googleapis.com"

    def path(self, project: str, resource_id: str) -> str:
        """The path of what is in a project."""
        return self.root.format(project=project) + resource_id


_V1 = "/v1/projects/{project}/"

SERVICES: Mapping[str, Service] = {
    "compute": Service(
        name="compute",
        root="/compute/v1/projects/{project}/",
        permission="compute",
        page_size=("maxResults", 500),
    ),
    "storage": Service(
        name="storage", root="/storage/v1/b/", permission="storage", page_size=("maxResults", 1000)
    ),
    "cloudkms": Service(
        name="cloudkms", root=_V1, permission="cloudkms", page_size=("pageSize", 1000)
    ),
    # Its lists have no pages.
    "container": Service(name="container", root=_V1, permission="container", page_size=("", 0)),
    "iam": Service(name="iam", root=_V1, permission="iam", page_size=("pageSize", 100)),
    "pubsub": Service(name="pubsub", root=_V1, permission="pubsub", page_size=("pageSize", 1000)),
    "secretmanager": Service(
        name="secretmanager", root=_V1, permission="secretmanager", page_size=("pageSize", 1000)
    ),
    "cloudasset": Service(
        name="cloudasset",
        root="/v1/projects/",
        permission="cloudasset",
        page_size=("pageSize", 500),
    ),
    "cloudresourcemanager": Service(
        name="cloudresourcemanager",
        root="/v3/projects/",
        permission="resourcemanager",
        page_size=("pageSize", 300),
    ),
}
