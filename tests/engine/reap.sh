#!/usr/bin/env bash
# Ends what a test run leaves behind: reap.sh DIR
#
# Waits until its standard input closes, which happens when the process that started it ends, however that ends. Then every process
# noted in DIR/pids is ended, the containers of its Docker engines are, their mounts are undone, and DIR is removed.
# A note is a file `PID` that holds the signal to begin with and the process's start time: a PID used anew by another is left alone.
# TIMBERLINE_TEST_KEEP=1 keeps the files.
set -uo pipefail
shopt -s nullglob

dir=${1:?usage: reap.sh DIR}
trap '' INT HUP
cat >/dev/null

started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
each_noted() { # SIGNAL: "-" for the one in the note
  local note pid signal start
  for note in "$dir"/pids/*; do
    pid=${note##*/}
    read -r signal start <"$note" 2>/dev/null || continue
    [ "$(started "$pid")" = "$start" ] || continue
    [ "$1" = - ] || signal=$1
    kill -s "$signal" "$pid" 2>/dev/null && kill -s CONT "$pid" 2>/dev/null
  done
}
any_noted() {
  local note pid signal start
  for note in "$dir"/pids/*; do
    pid=${note##*/}
    read -r signal start <"$note" 2>/dev/null || continue
    [ "$(started "$pid")" = "$start" ] && return
  done
  return 1
}
containers() { find /sys/fs/cgroup -path "*/timberline${dir//\//-}-*" "$@" 2>/dev/null; }
kill_containers() { containers -name cgroup.procs -exec cat {} + | sort -u | xargs -r kill -s KILL 2>/dev/null; }

kill_containers
each_noted -
for _ in $(seq 50); do
  any_noted || break
  sleep 0.1
done
each_noted KILL
kill_containers

# Shims outlive an engine that was killed; their command line names the engine's folder.
for process in /proc/[0-9]*; do
  [ "${process#/proc/}" = $$ ] && continue
  tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q -- "containerd-shim.* $dir/" && kill -s KILL "${process#/proc/}" 2>/dev/null
done
awk -v dir="$dir/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l 2>/dev/null
containers -depth -type d -exec rmdir {} + 2>/dev/null
if [ -n "${TIMBERLINE_TEST_KEEP:-}" ]; then touch "$dir/reaped"; else rm -rf "$dir"; fi
