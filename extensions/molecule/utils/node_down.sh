#!/bin/sh
# node_down.sh DIR: end one guest and give back what it held; a guest that was only half made, too.
set -u
dir=$1
if [ -s "$dir/pid" ]; then
  pid=$(cat "$dir/pid")
  kill -TERM "$pid" 2>/dev/null
  waited=0
  while [ -d "/proc/$pid" ]; do
    waited=$((waited + 1))
    [ "$waited" -lt 150 ] || kill -KILL "$pid" 2>/dev/null
    [ "$waited" -lt 200 ] || { echo "$dir: pid $pid does not end" >&2; exit 1; }
    sleep 0.1
  done
  python3 "$(dirname "$0")/../../../roles/devcloud/files/devcloud_cgroup.py" remove "$(cat "$dir/machine")"
  rm "$dir/pid"
fi
if mountpoint -q "$dir/root"; then umount "$dir/root" || exit 1; fi
for loop in "$dir"/*.loop; do
  [ -s "$loop" ] || continue
  losetup --detach "$(cat "$loop")" || exit 1
  rm "$loop"
done
rm -rf "$dir"
