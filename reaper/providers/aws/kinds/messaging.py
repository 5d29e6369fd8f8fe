"""SQS queues and SNS topics."""

from __future__ import annotations

from reaper.model import Kind, Relation
from reaper.providers.aws.kind import Also, Arg, At, AwsKind, Call, Link, One
from reaper.providers.aws.names import QUEUE, STACK, TOPIC

_STACK = Link(Relation.CONTROLLED_BY, STACK, '"+tags"."aws:cloudformation:stack-id"')
_NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")

KINDS = (
    AwsKind(
        kind=Kind(name=QUEUE, service="sqs"),
        service="sqs",
        arn="sqs:{region}:{account}:{id}",
        id_form="[^:]+",
        listing=Call(operation="list_queues", items="QueueUrls[]"),
        listed="@",
        id="QueueUrl",
        read=One(
            call=Call(operation="get_queue_url", arguments={"QueueName": Arg.ID}),
            absent=_NO_QUEUE,
        ),
        also=(
            Also(
                call=Call(
                    operation="get_queue_attributes",
                    arguments={
                        "QueueUrl": At("QueueUrl"),
                        "AttributeNames": ["CreatedTimestamp"],
                    },
                    items="Attributes",
                ),
                into="+attributes",
                take="[0]",
                absent=_NO_QUEUE,
            ),
            Also(
                call=Call(
                    operation="list_queue_tags",
                    arguments={"QueueUrl": At("QueueUrl")},
                    items="Tags",
                ),
                into="+queue-tags",
                take="[0]",
                absent=_NO_QUEUE,
            ),
        ),
        tags='"+queue-tags"',
        name='"+id"',
        created='"+attributes".CreatedTimestamp',
        incarnation='"+attributes".CreatedTimestamp',
        links=(_STACK,),
        delete=Call(operation="delete_queue", arguments={"QueueUrl": At("QueueUrl")}),
        gone=_NO_QUEUE,
    ),
    AwsKind(
        kind=Kind(name=TOPIC, service="sns", reused=True),
        service="sns",
        arn="sns:{region}:{account}:{id}",
        id_form="[^:]+",
        id_is_arn=True,
        listing=Call(operation="list_topics", items="Topics[]"),
        listed="TopicArn",
        id='"+arn"',
        read=One(
            call=Call(
                operation="list_tags_for_resource",
                arguments={"ResourceArn": Arg.ARN},
            ),
            absent=("ResourceNotFound", "ResourceNotFoundException"),
        ),
        links=(_STACK,),
        delete=Call(operation="delete_topic", arguments={"TopicArn": Arg.ARN}),
        gone=("NotFound", "NotFoundException"),
    ),
)
