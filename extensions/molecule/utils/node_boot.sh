#!/bin/sh
# node_boot.sh DIR MACHINE BRIDGE: start one guest; its pid is in DIR/pid, its console in DIR/console.
set -eu
dir=$1 machine=$2 bridge=$3
# Debian 13's systemd accepts a host with cgroup v1 (as this one may be) only when told so.
setsid nohup systemd-nspawn --register=no --keep-unit --quiet --boot --directory="$dir/root" --machine="$machine" \
  --network-bridge="$bridge" --bind="$(cat "$dir/volume.loop")" --bind="$(cat "$dir/blank.loop")" --kill-signal=SIGRTMIN+3 --resolv-conf=off --timezone=off \
  SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 > "$dir/console" 2>&1 < /dev/null &
echo $! > "$dir/pid"
