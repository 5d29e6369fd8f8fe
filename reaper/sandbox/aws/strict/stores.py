"""DynamoDB, SQS, Secrets Manager: what goes in steps, and whose name is not free at once."""

from __future__ import annotations

from typing import Any

from moto.dynamodb.exceptions import ResourceInUseException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.moto_api._internal import mock_random
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import SecretsManagerBackend
from moto.sqs.exceptions import SQSException
from moto.sqs.models import SQSBackend

from reaper.sandbox.aws.patching import Rules
from reaper.sandbox.aws.timetable import TIMETABLE

RULES = Rules()


@RULES.around(DynamoDBBackend, "delete_table")
def a_table_goes_in_steps(original: Any, backend: Any, name: str) -> Any:
    table = backend.get_table(name)
    if getattr(table, "going", False):
        raise ResourceInUseException(f"Table is being deleted: {name}")
    if table.deletion_protection_enabled or not TIMETABLE.lags.table_s:
        return original(backend, name)
    table.going = True
    TIMETABLE.after(TIMETABLE.lags.table_s, lambda: _finish(backend, table))
    return table


def _finish(backend: Any, table: Any) -> None:
    if backend.tables.get(table.name) is table:
        del backend.tables[table.name]


@RULES.around(Table, "describe")
def a_table_has_an_id_and_says_when_it_goes(
    original: Any, table: Any, *args: Any, **kwargs: Any
) -> Any:
    if not hasattr(table, "table_id"):
        table.table_id = str(mock_random.uuid4())
    described = original(table, *args, **kwargs)
    for part in described.values():
        part["TableId"] = table.table_id
        if getattr(table, "going", False):
            part["TableStatus"] = "DELETING"
    return described


@RULES.around(SQSBackend, "delete_queue")
def a_deleted_queue_s_name_is_not_free_at_once(original: Any, backend: Any, queue_name: str) -> Any:
    gone = original(backend, queue_name)
    names = backend.__dict__.setdefault("names_not_free", set())
    if TIMETABLE.lags.name_s:
        names.add(queue_name)
        TIMETABLE.after(TIMETABLE.lags.name_s, lambda: names.discard(queue_name))
    return gone


@RULES.around(SQSBackend, "create_queue")
def a_queue_cannot_follow_another_of_its_name_at_once(
    original: Any, backend: Any, name: str, *args: Any, **kwargs: Any
) -> Any:
    if name in backend.__dict__.get("names_not_free", ()):
        raise SQSException(
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with"
            " the same name.",
        )
    return original(backend, name, *args, **kwargs)


@RULES.around(SQSBackend, "tag_resource")
def a_queue_is_tagged_by_its_arn(_: Any, backend: Any, arn: str, tags: dict[str, str]) -> None:
    backend.tag_queue(arn.rpartition(":")[2], tags)


@RULES.around(SecretsManagerBackend, "create_secret")
def a_secret_that_is_to_go_keeps_its_name(
    original: Any, backend: Any, name: str, *args: Any, **kwargs: Any
) -> Any:
    if any(each.name == name and each.is_deleted() for each in backend.secrets.values()):
        raise InvalidRequestException(
            "You can't create this secret because a secret with this name is already scheduled"
            " for deletion."
        )
    return original(backend, name, *args, **kwargs)
