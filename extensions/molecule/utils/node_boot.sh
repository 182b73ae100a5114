#!/bin/sh
# node_boot.sh DIR MACHINE BRIDGE: start one guest; its pid is in DIR/pid, its console in DIR/console.
set -eu
dir=$1 machine=$2 bridge=$3
cgroup=$(dirname "$0")/../../../roles/devcloud/files/devcloud_cgroup.py
echo "$machine" > "$dir/machine"
# Real guests have cgroup v2, whatever this host has.
SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setsid nohup python3 "$cgroup" run "$machine" \
  systemd-nspawn --register=no --keep-unit --quiet --boot --directory="$dir/root" --machine="$machine" --network-bridge="$bridge" \
  --bind="$(cat "$dir/volume.loop")" --bind="$(cat "$dir/blank.loop")" --kill-signal=SIGRTMIN+3 --resolv-conf=off --timezone=off \
  > "$dir/console" 2>&1 < /dev/null &
echo $! > "$dir/pid"
