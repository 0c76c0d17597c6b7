// A worker for `reindexconversations` written as a Go team would write one, which fails in whatever way the customer id
// asks for. It exists so that the orchestrator's reading of failures is tried on what the Go SDK really puts on the wire.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/genproto/googleapis/type/interval"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type reindexInput struct {
	CustomerID string `json:"customerId"`
	StartTime  string `json:"startTime"`
	EndTime    string `json:"endTime"`
}

// reindexConversations returns what it received. A customer id `fail-<kind>` makes it fail in that way instead.
func reindexConversations(ctx workflow.Context, in reindexInput) (reindexInput, error) {
	kind, fails := strings.CutPrefix(in.CustomerID, "fail-")
	if !fails {
		return in, nil
	}
	options := workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		HeartbeatTimeout:    20 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 1, MaximumAttempts: 1},
	}
	activityType := "reindexWindow"
	switch kind {
	case "wait", "execution-timeout":
		return in, workflow.Sleep(ctx, time.Hour)
	case "heartbeat":
		options.HeartbeatTimeout = time.Second
	case "heartbeat-after-deadlock":
		options.HeartbeatTimeout = time.Second
		options.RetryPolicy.MaximumAttempts = 2
	case "heartbeat-until-schedule-to-close":
		options.HeartbeatTimeout = time.Second
		options.RetryPolicy.MaximumAttempts = 0
		options.ScheduleToCloseTimeout = 3 * time.Second
	case "start-to-close":
		options.StartToCloseTimeout = time.Second
	case "schedule-to-close":
		options.ScheduleToCloseTimeout = time.Second
	case "schedule-to-close-after-deadlock", "deadlock-until-schedule-to-close":
		options.RetryPolicy.MaximumAttempts = 0
		options.ScheduleToCloseTimeout = 2 * time.Second
	case "schedule-to-start":
		options.TaskQueue = "a-queue-that-no-worker-polls"
		options.ScheduleToStartTimeout = time.Second
	case "activity-cancelled", "work":
		options.WaitForCancellation = true
	case "activity-not-registered":
		activityType = "writeScorecards"
	}
	if kind == "activity-cancelled" {
		var cancel workflow.CancelFunc
		ctx, cancel = workflow.WithCancel(ctx)
		defer cancel()
		workflow.Go(ctx, func(ctx workflow.Context) {
			_ = workflow.Sleep(ctx, 500*time.Millisecond)
			cancel()
		})
	}
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activityType, kind).Get(ctx, nil)
	if err != nil {
		return in, fmt.Errorf("reindex conversations of %s: %w", in.CustomerID, err)
	}
	return in, nil
}

// reindexConversationsProto takes a protobuf message with timestamps and returns what arrived.
func reindexConversationsProto(_ workflow.Context, in *interval.Interval) (*interval.Interval, error) {
	return in, nil
}

func reindexWindow(ctx context.Context, kind string) error {
	attempt := activity.GetInfo(ctx).Attempt
	switch kind {
	case "heartbeat", "heartbeat-until-schedule-to-close", "start-to-close", "schedule-to-close":
		return hang(ctx)
	case "activity-cancelled", "work":
		return heartbeatUntilCancelled(ctx)
	case "heartbeat-after-deadlock", "schedule-to-close-after-deadlock":
		if attempt > 1 {
			return hang(ctx)
		}
		return write(deadlock())
	case "deadlock-until-schedule-to-close", "40P01":
		return write(deadlock())
	case "40001":
		return write(pgError("ERROR", "40001", "could not serialize access due to concurrent update"))
	case "55P03":
		return write(pgError("ERROR", "55P03", "canceling statement due to lock timeout"))
	case "53300":
		return fmt.Errorf("acquire connection: %w", pgError("FATAL", "53300", "sorry, too many clients already"))
	case "57014":
		return fmt.Errorf("read conversations: %w", pgError("ERROR", "57014", "canceling statement due to statement timeout"))
	case "57P01":
		return write(pgError("FATAL", "57P01", "terminating connection due to administrator command"))
	case "08006":
		return write(pgError("FATAL", "08006", "could not receive data from client: Connection reset by peer"))
	case "23505":
		return write(pgError("ERROR", "23505", `duplicate key value violates unique constraint "scorecards_pkey"`))
	case "40P01-pq":
		return write(&pq.Error{Severity: "ERROR", Code: "40P01", Message: "deadlock detected"})
	case "53300-pq":
		return fmt.Errorf("open: %w", &pq.Error{Severity: "FATAL", Code: "53300", Message: "sorry, too many clients already"})
	case "40P01-details":
		return temporal.NewApplicationError("writing scorecards failed", "WriteFailed", map[string]string{"sqlstate": "40P01"})
	case "40P01-with-cause":
		return temporal.NewApplicationErrorWithCause("writing scorecards failed", "WriteFailed", deadlock())
	case "40P01-non-retryable":
		return temporal.NewNonRetryableApplicationError("gave up writing scorecards", "WriteFailed", deadlock())
	case "deadlock-text":
		return errors.New("write scorecards: deadlock detected")
	case "connection-refused":
		_, err := pgconn.Connect(ctx, "postgres://reindex@127.0.0.1:1/conversations?sslmode=disable&connect_timeout=2")
		return fmt.Errorf("open database: %w", err)
	case "query-deadline":
		query, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		<-query.Done()
		return fmt.Errorf("read conversations: %w", query.Err())
	case "resource-exhausted":
		return fmt.Errorf("index page: %w", status.Error(codes.ResourceExhausted, "indexing quota exceeded"))
	case "unavailable":
		return fmt.Errorf("index page: %w", status.Error(codes.Unavailable, "upstream connect error"))
	case "rate-limited":
		return errors.New("index page: unexpected response: 429 Too Many Requests")
	case "invalid-argument":
		return fmt.Errorf("get customer: %w", status.Error(codes.InvalidArgument, "customer_id is malformed"))
	case "not-found":
		return fmt.Errorf("get customer: %w", status.Error(codes.NotFound, "customer not found"))
	case "permission-denied":
		return fmt.Errorf("get customer: %w", status.Error(codes.PermissionDenied, "caller may not read conversations"))
	case "non-retryable":
		return temporal.NewNonRetryableApplicationError("scorecards are not enabled for this customer", "ScorecardsDisabled", nil)
	case "panic":
		var page map[string]int
		page["cursor"] = 1
		return nil
	case "plain-error":
		return errors.New("template has no criteria")
	default:
		return temporal.NewNonRetryableApplicationError("no such kind of failure: "+kind, "UnknownKind", nil)
	}
}

func write(err error) error { return fmt.Errorf("write scorecards: %w", err) }

func pgError(severity, code, message string) *pgconn.PgError {
	return &pgconn.PgError{Severity: severity, SeverityUnlocalized: severity, Code: code, Message: message}
}

func deadlock() *pgconn.PgError { return pgError("ERROR", "40P01", "deadlock detected") }

// hang does no work and sends no heartbeat, as an activity does whose window is far too large for one query.
func hang(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Second):
		return nil
	}
}

func heartbeatUntilCancelled(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
			activity.RecordHeartbeat(ctx, "page 1")
		}
	}
}

func main() {
	c, err := client.Dial(client.Options{HostPort: os.Getenv("TEMPORAL_ADDRESS"), Namespace: os.Getenv("TEMPORAL_NAMESPACE")})
	if err != nil {
		log.Fatalln("connect:", err)
	}
	defer c.Close()
	w := worker.New(c, os.Getenv("TASK_QUEUE"), worker.Options{DefaultHeartbeatThrottleInterval: 200 * time.Millisecond, MaxHeartbeatThrottleInterval: 200 * time.Millisecond})
	w.RegisterWorkflowWithOptions(reindexConversations, workflow.RegisterOptions{Name: "reindexconversations"})
	w.RegisterWorkflowWithOptions(reindexConversationsProto, workflow.RegisterOptions{Name: "reindexconversations_proto"})
	w.RegisterActivityWithOptions(reindexWindow, activity.RegisterOptions{Name: "reindexWindow"})
	if err := w.Run(worker.InterruptCh()); err != nil {
		log.Fatalln("worker:", err)
	}
}
