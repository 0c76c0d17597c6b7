"""A worker for `reindexconversations` written as a Python team would write one.

It fails in whatever way the customer id asks for. The exceptions are the drivers' own classes, with the messages that
PostgreSQL 18 gave them; the SQLSTATE is an attribute of theirs, which the SDK does not put on the wire.
"""

import asyncio
import os
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import psycopg
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

DEADLOCK = (
    "deadlock detected\n"
    "DETAIL:  Process 61 waits for ShareLock on transaction 758; blocked by process 60.\n"
    "Process 60 waits for ShareLock on transaction 759; blocked by process 61.\n"
    "HINT:  See server log for query details."
)


@dataclass
class ReindexInput:
    customerId: str
    startTime: str
    endTime: str


class NotFound(Exception):
    """A client library's exception of this name, as generated API clients define them."""


@workflow.defn(name="reindexconversations")
class ReindexConversations:
    @workflow.run
    async def run(self, window: ReindexInput) -> ReindexInput:
        if not window.customerId.startswith("fail-"):
            return window
        kind = window.customerId.removeprefix("fail-")
        if kind in ("wait", "execution-timeout"):
            await asyncio.sleep(3600)
            return window
        attempts = 1
        activity_type = "reindexWindow"
        start_to_close, heartbeat, schedule_to_close = timedelta(minutes=1), timedelta(seconds=20), None
        if kind == "heartbeat":
            heartbeat = timedelta(seconds=1)
        elif kind == "start-to-close":
            start_to_close = timedelta(seconds=1)
        elif kind == "schedule-to-close-after-deadlock":
            attempts, schedule_to_close = 0, timedelta(seconds=2)
        elif kind == "activity-not-registered":
            activity_type = "writeScorecards"
        handle = workflow.start_activity(
            activity_type,
            kind,
            start_to_close_timeout=start_to_close,
            heartbeat_timeout=heartbeat,
            schedule_to_close_timeout=schedule_to_close,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            retry_policy=RetryPolicy(
                initial_interval=timedelta(milliseconds=100), backoff_coefficient=1, maximum_attempts=attempts
            ),
        )
        if kind == "activity-cancelled":
            await asyncio.sleep(0.5)
            handle.cancel()
        await handle
        return window


@activity.defn(name="reindexWindow")
async def reindex_window(kind: str) -> None:
    match kind:
        case "heartbeat" | "start-to-close":
            await asyncio.sleep(6)
        case "schedule-to-close-after-deadlock":
            if activity.info().attempt == 1:
                raise psycopg.errors.DeadlockDetected(DEADLOCK)
            await asyncio.sleep(6)
        case "activity-cancelled" | "work":
            while True:
                await asyncio.sleep(0.2)
                activity.heartbeat("page 1")
        case "40P01":
            raise psycopg.errors.DeadlockDetected(DEADLOCK)
        case "40P01-asyncpg":
            raise asyncpg.DeadlockDetectedError(DEADLOCK)
        case "40P01-wrapped":
            try:
                raise psycopg.errors.DeadlockDetected(DEADLOCK)
            except psycopg.Error as error:
                raise RuntimeError("writing scorecards failed") from error
        case "40P01-details":
            raise ApplicationError("writing scorecards failed", {"sqlstate": "40P01"}, type="WriteFailed")
        case "40P01-non-retryable":
            error = psycopg.errors.DeadlockDetected(DEADLOCK)
            raise ApplicationError("gave up writing scorecards", type="WriteFailed", non_retryable=True) from error
        case "40001":
            raise psycopg.errors.SerializationFailure("could not serialize access due to concurrent update")
        case "55P03":
            raise psycopg.errors.LockNotAvailable('could not obtain lock on row in relation "scorecards"')
        case "53300":
            # libpq reports a refused login without its SQLSTATE, so psycopg raises its base class.
            raise psycopg.OperationalError(
                'connection failed: connection to server at "10.0.0.5", port 5432 failed: '
                "FATAL:  sorry, too many clients already"
            )
        case "53300-asyncpg":
            raise asyncpg.TooManyConnectionsError("sorry, too many clients already")
        case "57014":
            raise psycopg.errors.QueryCanceled("canceling statement due to statement timeout")
        case "57P01":
            raise psycopg.errors.AdminShutdown("terminating connection due to administrator command")
        case "08006":
            raise psycopg.OperationalError("consuming input failed: server closed the connection unexpectedly")
        case "08003-asyncpg":
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        case "query-deadline":
            # asyncpg's command timeout: an exception without any message.
            raise TimeoutError()
        case "23505":
            raise psycopg.errors.UniqueViolation(
                'duplicate key value violates unique constraint "scorecards_pkey"\n'
                "DETAIL:  Key (note)=(deadlock detected) already exists."
            )
        case "rate-limited":
            raise RuntimeError("Client error '429 Too Many Requests' for url 'http://indexer/pages'")
        case "not-found":
            raise NotFound("404 customer not found")
        case "non-retryable":
            raise ApplicationError(
                "scorecards are not enabled for this customer", type="ScorecardsDisabled", non_retryable=True
            )
        case "plain-error":
            raise ValueError("template has no criteria")
        case _:
            raise ApplicationError(f"no such kind of failure: {kind}", type="UnknownKind", non_retryable=True)


async def main() -> None:
    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"], namespace=os.environ["TEMPORAL_NAMESPACE"])
    worker = Worker(
        client,
        task_queue=os.environ["TASK_QUEUE"],
        workflows=[ReindexConversations],
        activities=[reindex_window],
        workflow_runner=UnsandboxedWorkflowRunner(),
        default_heartbeat_throttle_interval=timedelta(milliseconds=200),
        max_heartbeat_throttle_interval=timedelta(milliseconds=200),
    )
    await worker.run()


asyncio.run(main())
