"""Compute's own calls, by azure-mgmt-compute: those that have parameters of their own.

Its import takes a second and 141 MB, so it is loaded when such a call is first made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError

from reaper.providers.azure.api import Api
from reaper.providers.azure.ids import read_id
from reaper.providers.azure.session import Response, read_response
from reaper.providers.failures import Unanswered


class Compute:
    """The typed client of one subscription; it sends with our connection's policies, once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._client: Any = None

    def delete_machine(self, identity: str, version: str, *, force: bool) -> Response:
        """Begin to delete a machine; with force, without shutting it down.

        Raises:
            ReadOnlyViolation: The place was opened read-only.
            ArmError, Unanswered: It was refused, or not answered.
        """
        begin = self._opened().virtual_machines.begin_delete
        return self._begun(begin, identity, version, force_deletion=force)

    def delete_scale_set(self, identity: str, version: str, *, force: bool) -> Response:
        """Begin to delete a scale set with its machines; with force, without shutting them down.

        Raises:
            ReadOnlyViolation, ArmError, Unanswered: As `delete_machine`.
        """
        begin = self._opened().virtual_machine_scale_sets.begin_delete
        return self._begun(begin, identity, version, force_deletion=force)

    def revoke_access(self, identity: str, version: str) -> Response:
        """Begin to revoke the shared access signatures of a disk or a snapshot.

        Raises:
            ReadOnlyViolation, ArmError, Unanswered: As `delete_machine`.
        """
        client = self._opened()
        is_disk = identity.rsplit("/", 2)[1] == "disks"
        operations = client.disks if is_disk else client.snapshots
        return self._begun(operations.begin_revoke_access, identity, version)

    def _begun(
        self, begin: Callable[..., Any], identity: str, version: str, **more: Any
    ) -> Response:
        connection = self._api.connection
        connection.refuse_change(f"{begin.__name__} {identity}")
        at = read_id(identity)
        assert at is not None
        assert at.group is not None
        parts = self._api.spelt(identity).split("/")
        try:
            poller = begin(
                parts[4],
                parts[-1],
                polling=False,
                params={"api-version": version},
                cls=lambda answered, *_: answered.http_response,
                **more,
            )
            answered = poller.result()
        except HttpResponseError as error:
            if error.response is None:
                raise Unanswered(str(error), sent=True) from error
            return read_response(error.response)
        except ServiceRequestError as error:
            raise Unanswered(f"nobody answers at {connection.base}", sent=False) from error
        except AzureError as error:
            raise Unanswered(f"the connection broke: {type(error).__name__}", sent=True) from error
        return read_response(answered)

    def _opened(self) -> Any:
        policies, transport = self._api.connection.parts()
        with self._lock:
            if self._client is None:
                from azure.mgmt.compute import (  # noqa: PLC0415 - loaded only when used
                    ComputeManagementClient,
                )

                self._client = ComputeManagementClient(
                    _OurPolicies(),
                    self._api.subscription,
                    base_url=self._api.connection.base,
                    policies=policies,
                    transport=transport,
                )
            return self._client


class _OurPolicies:
    """Stands where the client wants a credential: the token is added by our own policies."""

    def get_token(self, *_: Any, **__: Any) -> Any:
        """Give none: nobody asks."""
        raise NotImplementedError
