package reindex;

import io.grpc.Status;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityCancellationType;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import io.temporal.activity.ActivityOptions;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.common.RetryOptions;
import io.temporal.failure.ApplicationFailure;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.worker.WorkerFactory;
import io.temporal.worker.WorkerOptions;
import io.temporal.workflow.CancellationScope;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Map;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

/**
 * A worker for {@code reindexconversations} written as a Java team would write one, which fails in whatever way the
 * customer id asks for. The PostgreSQL driver keeps the SQLSTATE out of the message, so it never reaches the wire.
 */
public final class Main {

  public record ReindexInput(String customerId, String startTime, String endTime) {}

  @WorkflowInterface
  public interface ReindexConversations {
    @WorkflowMethod(name = "reindexconversations")
    ReindexInput run(ReindexInput input);
  }

  @ActivityInterface
  public interface ReindexWindow {
    @ActivityMethod(name = "reindexWindow")
    void reindex(String kind) throws Exception;
  }

  public static final class ReindexConversationsImpl implements ReindexConversations {
    @Override
    public ReindexInput run(ReindexInput input) {
      if (!input.customerId().startsWith("fail-")) return input;
      String kind = input.customerId().substring("fail-".length());
      if (kind.equals("wait") || kind.equals("execution-timeout")) {
        Workflow.sleep(Duration.ofHours(1));
        return input;
      }
      RetryOptions.Builder retry =
          RetryOptions.newBuilder().setInitialInterval(Duration.ofMillis(100)).setBackoffCoefficient(1);
      ActivityOptions.Builder options =
          ActivityOptions.newBuilder()
              .setStartToCloseTimeout(Duration.ofMinutes(1))
              .setHeartbeatTimeout(Duration.ofSeconds(20))
              .setCancellationType(ActivityCancellationType.WAIT_CANCELLATION_COMPLETED);
      int attempts = 1;
      String activityType = "reindexWindow";
      switch (kind) {
        case "heartbeat" -> options.setHeartbeatTimeout(Duration.ofSeconds(1));
        case "start-to-close" -> options.setStartToCloseTimeout(Duration.ofSeconds(1));
        case "schedule-to-close-after-deadlock" -> {
          attempts = 0;
          options.setScheduleToCloseTimeout(Duration.ofSeconds(2));
        }
        case "activity-not-registered" -> activityType = "writeScorecards";
        default -> {}
      }
      options.setRetryOptions(retry.setMaximumAttempts(attempts).build());
      String type = activityType;
      CancellationScope scope =
          Workflow.newCancellationScope(
              () -> Workflow.newUntypedActivityStub(options.build()).execute(type, Void.class, kind));
      if (kind.equals("activity-cancelled")) {
        Workflow.newTimer(Duration.ofMillis(500)).thenApply(done -> { scope.cancel(); return done; });
      }
      scope.run();
      return input;
    }
  }

  public static final class ReindexWindowImpl implements ReindexWindow {
    @Override
    public void reindex(String kind) throws Exception {
      ActivityExecutionContext context = Activity.getExecutionContext();
      switch (kind) {
        case "heartbeat", "start-to-close" -> Thread.sleep(6_000);
        case "schedule-to-close-after-deadlock" -> {
          if (context.getInfo().getAttempt() == 1) throw deadlock();
          Thread.sleep(6_000);
        }
        case "activity-cancelled", "work" -> {
          while (true) {
            Thread.sleep(200);
            context.heartbeat("page 1");
          }
        }
        case "40P01" -> throw deadlock();
        case "40P01-wrapped" -> throw new RuntimeException("writing scorecards failed", deadlock());
        case "40P01-details" ->
            throw ApplicationFailure.newFailureWithCause(
                "writing scorecards failed", "WriteFailed", null, Map.of("sqlState", "40P01"));
        case "40P01-non-retryable" ->
            throw ApplicationFailure.newNonRetryableFailureWithCause(
                "gave up writing scorecards", "WriteFailed", deadlock());
        case "40001" -> throw postgres("ERROR", "40001", "could not serialize access due to concurrent update");
        case "55P03" -> throw postgres("ERROR", "55P03", "canceling statement due to lock timeout");
        case "53300" -> throw postgres("FATAL", "53300", "sorry, too many clients already");
        case "57014" -> throw postgres("ERROR", "57014", "canceling statement due to statement timeout");
        case "57P01" -> throw postgres("FATAL", "57P01", "terminating connection due to administrator command");
        case "08006" ->
            throw new PSQLException(
                "An I/O error occurred while sending to the backend.",
                PSQLState.CONNECTION_FAILURE,
                new java.net.SocketException("Connection reset"));
        case "23505" ->
            throw postgres("ERROR", "23505", "duplicate key value violates unique constraint \"scorecards_pkey\"");
        case "pool-exhausted" ->
            throw new SQLTransientConnectionException(
                "HikariPool-1 - Connection is not available, request timed out after 30000ms "
                    + "(total=10, active=10, idle=0, waiting=14)");
        case "read-timed-out" ->
            throw new PSQLException(
                "An I/O error occurred while sending to the backend.",
                PSQLState.CONNECTION_FAILURE,
                new java.net.SocketTimeoutException("Read timed out"));
        case "resource-exhausted" ->
            throw Status.RESOURCE_EXHAUSTED.withDescription("indexing quota exceeded").asRuntimeException();
        case "invalid-argument" ->
            throw Status.INVALID_ARGUMENT.withDescription("customer_id is malformed").asRuntimeException();
        case "not-found" -> throw Status.NOT_FOUND.withDescription("customer not found").asRuntimeException();
        case "permission-denied" ->
            throw Status.PERMISSION_DENIED.withDescription("caller may not read conversations").asRuntimeException();
        case "non-retryable" ->
            throw ApplicationFailure.newNonRetryableFailure(
                "scorecards are not enabled for this customer", "ScorecardsDisabled");
        case "plain-error" -> throw new IllegalStateException("template has no criteria");
        default -> throw ApplicationFailure.newNonRetryableFailure("no such kind of failure: " + kind, "UnknownKind");
      }
    }

    private static SQLException deadlock() {
      return new PSQLException(
          new ServerErrorMessage(
              "SERROR\0VERROR\0C40P01\0Mdeadlock detected\0"
                  + "DProcess 61 waits for ShareLock on transaction 758; blocked by process 60.\n"
                  + "Process 60 waits for ShareLock on transaction 759; blocked by process 61.\0"
                  + "HSee server log for query details.\0"
                  + "Wwhile updating tuple (0,1) in relation \"scorecards\"\0"));
    }

    private static SQLException postgres(String severity, String state, String message) {
      return new PSQLException(
          new ServerErrorMessage("S" + severity + "\0V" + severity + "\0C" + state + "\0M" + message + "\0"));
    }
  }

  public static void main(String[] args) {
    WorkflowServiceStubs service =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder().setTarget(System.getenv("TEMPORAL_ADDRESS")).build());
    WorkflowClient client =
        WorkflowClient.newInstance(
            service,
            WorkflowClientOptions.newBuilder().setNamespace(System.getenv("TEMPORAL_NAMESPACE")).build());
    WorkerFactory factory = WorkerFactory.newInstance(client);
    var worker =
        factory.newWorker(
            System.getenv("TASK_QUEUE"),
            WorkerOptions.newBuilder()
                .setDefaultHeartbeatThrottleInterval(Duration.ofMillis(200))
                .setMaxHeartbeatThrottleInterval(Duration.ofMillis(200))
                .build());
    worker.registerWorkflowImplementationTypes(ReindexConversationsImpl.class);
    worker.registerActivitiesImplementations(new ReindexWindowImpl());
    factory.start();
  }
}
