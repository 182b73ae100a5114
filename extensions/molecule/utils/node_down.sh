#!/bin/sh
# node_down.sh DIR: end one guest and give back what it held; a guest that was only half made, too.
set -u
dir=$1
if [ -s "$dir/pid" ]; then
  pid=$(cat "$dir/pid") machine=$(cat "$dir/machine")
  runs() { tr '\0' '\n' < "/proc/$pid/cmdline" | grep -qx -- "--machine=$machine"; } 2>/dev/null
  runs && kill -TERM "$pid"
  waited=0
  while runs; do
    waited=$((waited + 1))
    [ "$waited" -lt 150 ] || kill -KILL "$pid" 2>/dev/null
    [ "$waited" -lt 200 ] || { echo "$dir: pid $pid does not end" >&2; exit 1; }
    sleep 0.1
  done
  python3 "$(dirname "$0")/../../../roles/devcloud/files/devcloud_cgroup.py" remove "$machine"
  rm "$dir/pid"
fi
if mountpoint -q "$dir/root"; then umount "$dir/root" || exit 1; fi
for file in volume blank; do
  [ ! -e "$dir/$file" ] || losetup --noheadings --output NAME --associated "$dir/$file" | xargs -r losetup --detach || exit 1
done
rm -rf "$dir"
