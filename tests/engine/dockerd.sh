#!/usr/bin/env bash
# A Docker engine beside the system's own, in the foreground: dockerd.sh DIR [DOCKERD ARGUMENT]...
#
# Needs root. All that the engine keeps goes to DIR: root/ (images, containers), exec/, `pid` and the socket `docker.sock`. It makes no
# bridge and no firewall rule, so containers run with `--network none`. Its containers live in the cgroup `/timberline<DIR with dashes>`,
# which is how `reap.sh` finds them when the engine itself is dead. Keep DIR short: socket paths end at 107 bytes.
set -euo pipefail

dir=$1
shift
mkdir -p "$dir"
rm -f "$dir/docker.sock"
# An engine that was killed took its containerd along. Where PID 1 is slow to collect it, the next engine would take that zombie for a
# containerd that still runs, and wait for it in vain.
containerd=$(cat "$dir/exec/containerd/containerd.pid" 2>/dev/null || true)
if [ -n "$containerd" ] && ! grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$containerd/status"; then
  rm -f "$dir/exec/containerd/containerd.pid"
fi
exec dockerd --host "unix://$dir/docker.sock" --data-root "$dir/root" --exec-root "$dir/exec" --pidfile "$dir/pid" \
  --group "${SUDO_GID:-0}" --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/timberline${dir//\//-}" \
  --bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --shutdown-timeout 2 "$@"
