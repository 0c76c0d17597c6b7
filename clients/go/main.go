// Command jobs asks a running `backfill serve` what runs, and whether a customer's days are done.
//
//	BACKFILL_TOKEN=… jobs -address 127.0.0.1:8080 list 'state = RUNNING'
//	BACKFILL_TOKEN=… jobs -address 127.0.0.1:8080 done cvs 2026-01
//	BACKFILL_TOKEN=… jobs -address 127.0.0.1:8080 watch clusters/us-west-2-prod/jobs/backfillscorecards-us-west-2-prod-2026-01
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	jobsv1 "backfill-scorecards/clients/go/gen/backfill/jobs/v1"
)

func main() {
	address := flag.String("address", "127.0.0.1:8080", "host and port of backfill serve")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *address, os.Getenv("BACKFILL_TOKEN"), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, explain(err))
		os.Exit(1)
	}
}

func run(ctx context.Context, address, token string, arguments []string) error {
	// Without TLS: the server listens on loopback, or behind a proxy that has a certificate.
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	client := jobsv1.NewJobServiceClient(connection)
	switch {
	case len(arguments) == 2 && arguments[0] == "list":
		return list(ctx, client, arguments[1])
	case len(arguments) == 3 && arguments[0] == "done":
		return done(ctx, client, arguments[1], arguments[2])
	case len(arguments) == 2 && arguments[0] == "watch":
		return watch(ctx, client, arguments[1])
	default:
		return errors.New("expected: list <filter>, done <customer> <month>, or watch <job>")
	}
}

// list prints all jobs that match, page by page.
func list(ctx context.Context, client jobsv1.JobServiceClient, filter string) error {
	request := &jobsv1.ListJobsRequest{Filter: filter, PageSize: 100}
	for {
		page, err := client.ListJobs(ctx, request)
		if err != nil {
			return err
		}
		for _, job := range page.Jobs {
			fmt.Println(job.Name, job.State)
		}
		for _, cluster := range page.Unreachable {
			fmt.Fprintln(os.Stderr, cluster, "does not answer")
		}
		if page.NextPageToken == "" {
			return nil
		}
		request.PageToken = page.NextPageToken
	}
}

// done prints, for each job that has these days of a customer, whether they are done.
func done(ctx context.Context, client jobsv1.JobServiceClient, customer, month string) error {
	request := &jobsv1.ListJobsRequest{Filter: fmt.Sprintf("customer = %q AND range : %q", customer, month)}
	for {
		page, err := client.ListJobs(ctx, request)
		if err != nil {
			return err
		}
		for _, job := range page.Jobs {
			work := job.Customer
			switch {
			case work.GetVerified():
				fmt.Printf("%s: done since %s, verified\n", job.Name, work.DoneTime.AsTime().Format("2006-01-02T15:04:05Z"))
			case work.GetDone():
				fmt.Printf("%s: done since %s, not verified\n", job.Name, work.DoneTime.AsTime().Format("2006-01-02T15:04:05Z"))
			default:
				fmt.Printf("%s: %d of %d days done\n", job.Name, work.GetDays().GetDone(), work.GetDays().GetTotal())
			}
		}
		if page.NextPageToken == "" {
			return nil
		}
		request.PageToken = page.NextPageToken
	}
}

// watch prints a job each time that it changes, until it has ended.
func watch(ctx context.Context, client jobsv1.JobServiceClient, name string) error {
	stream, err := client.WatchJob(ctx, &jobsv1.WatchJobRequest{Name: name})
	if err != nil {
		return err
	}
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		days := response.Job.GetProgress().GetDays()
		fmt.Printf("%s %d/%d %s\n", response.Job.State, days.GetDone(), days.GetTotal(), response.Job.StateReason)
	}
}

// explain adds what the server says about the fields of a request.
func explain(err error) string {
	text := err.Error()
	for _, detail := range status.Convert(err).Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			text += "\nreason: " + detail.Reason
		case *errdetails.BadRequest:
			for _, violation := range detail.FieldViolations {
				text += fmt.Sprintf("\n%s: %s", violation.Field, violation.Description)
			}
		}
	}
	return text
}
