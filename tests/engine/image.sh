#!/usr/bin/env bash
# Makes an image of the static busybox in a Docker engine, because none can be pulled: image.sh DOCKER_HOST NAME
set -euo pipefail

host=$1 name=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,etc,tmp}
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
tar -C "$root" -c . | docker --host "$host" import --change 'CMD ["sh"]' - "$name" >/dev/null
