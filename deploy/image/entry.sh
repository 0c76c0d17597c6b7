#!/bin/sh
# Starts one of the image's commands: worker, serve or backfill, each with its arguments.
set -eu

# V8 sizes its heap by the machine's memory. Four fifths of the container's limit leave room for the core's own.
megabytes() {
  for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    if [ -r "$file" ]; then
      read -r bytes <"$file"
      # Without a limit: "max", or in version 1 a number of 19 digits.
      [ "$bytes" != max ] && [ "${#bytes}" -lt 15 ] && echo "$((bytes / 1048576 * 4 / 5))"
      return 0
    fi
  done
}

heap=$(megabytes)
export NODE_OPTIONS="${heap:+--max-old-space-size=$heap }${NODE_OPTIONS:-}"

command=${1:-worker}
[ $# -eq 0 ] || shift
case "$command" in
  worker) exec node /app/dist/worker.js "$@" ;;
  serve) exec node /app/dist/cli/backfill.js serve "$@" ;;
  backfill) exec node /app/dist/cli/backfill.js "$@" ;;
  *) echo "expected worker, serve or backfill, got: $command" >&2 && exit 2 ;;
esac
