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
	"strings"
	"time"

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
		return errors.New("expected: list <filter>, done <customer> <month or day>, or watch <job>")
	}
}

// list prints all jobs that match.
func list(ctx context.Context, client jobsv1.JobServiceClient, filter string) error {
	jobs, err := all(ctx, client, filter)
	for _, job := range jobs {
		fmt.Println(job.Name, job.State)
	}
	return err
}

// all collects the jobs of every page. Jobs of clusters that do not answer are missing, and it says so.
func all(ctx context.Context, client jobsv1.JobServiceClient, filter string) ([]*jobsv1.Job, error) {
	request := &jobsv1.ListJobsRequest{Filter: filter, PageSize: 100}
	var jobs []*jobsv1.Job
	for {
		page, err := client.ListJobs(ctx, request)
		if err != nil {
			return jobs, err
		}
		jobs = append(jobs, page.Jobs...)
		for _, cluster := range page.Unreachable {
			fmt.Fprintln(os.Stderr, cluster, "does not answer: its jobs are missing here")
		}
		if page.NextPageToken == "" {
			return jobs, nil
		}
		request.PageToken = page.NextPageToken
	}
}

// done prints what each job has done of these days of a customer, and whether they are done by all jobs together.
func done(ctx context.Context, client jobsv1.JobServiceClient, customer, days string) error {
	start, end, err := rangeOf(days)
	if err != nil {
		return err
	}
	// Not range : "2026-01", which finds only jobs that have all of it.
	filter := fmt.Sprintf("customer = %q AND range.start < %q AND range.end > %q", customer, dayOf(end), dayOf(start))
	jobs, err := all(ctx, client, filter)
	if err != nil {
		return err
	}
	isDone, verified := map[string]bool{}, map[string]bool{}
	for _, job := range jobs {
		work := job.Customer
		fmt.Printf("%s: %d of %d days done%s\n", job.Name, work.GetDays().GetDone(), work.GetDays().GetTotal(), since(work))
		counted := countedDays(work)
		for _, done := range work.GetDoneRanges() {
			for day := done.StartTime.AsTime(); day.Before(done.EndTime.AsTime()); day = day.AddDate(0, 0, 1) {
				isDone[dayOf(day)] = true
				verified[dayOf(day)] = verified[dayOf(day)] || counted[dayOf(day)]
			}
		}
	}
	var missing []string
	total, counted := 0, 0
	for day := start; day.Before(end); day = day.AddDate(0, 0, 1) {
		total++
		if !isDone[dayOf(day)] {
			missing = append(missing, dayOf(day))
		}
		if verified[dayOf(day)] {
			counted++
		}
	}
	fmt.Printf("%s %s: %d of %d days done, %d verified\n", customer, days, total-len(missing), total, counted)
	if len(missing) > 0 {
		fmt.Println("not done:", strings.Join(missing, " "))
	}
	return nil
}

// since is empty for a job that is not done, or whose days were all done before it.
func since(work *jobsv1.CustomerWork) string {
	if work.GetDoneTime() == nil {
		return ""
	}
	return " since " + work.DoneTime.AsTime().Format(time.RFC3339)
}

// countedDays are those of which every row was verified.
func countedDays(work *jobsv1.CustomerWork) map[string]bool {
	days := map[string]bool{}
	for _, row := range work.GetRows() {
		before, known := days[row.Day]
		days[row.Day] = row.Verified && (before || !known)
	}
	return days
}

// rangeOf reads a month, 2026-01, or a day, 2026-01-15; the end is exclusive.
func rangeOf(days string) (start, end time.Time, err error) {
	if start, err = time.Parse("2006-01", days); err == nil {
		return start, start.AddDate(0, 1, 0), nil
	}
	if start, err = time.Parse(time.DateOnly, days); err == nil {
		return start, start.AddDate(0, 0, 1), nil
	}
	return start, end, fmt.Errorf("expected a month such as 2026-01 or a day such as 2026-01-15, got %q", days)
}

func dayOf(at time.Time) string { return at.Format(time.DateOnly) }

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
