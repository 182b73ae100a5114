#!/usr/bin/env bash
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Build the root file system of devcloud: Debian's OpenStack packages, static configuration, empty database schemas.
# usage: build.sh TARGET SUITE SOURCES_LIST
# Runs as root in mount and process namespaces of its own, so that whatever ends it takes its mounts and children along.
set -eu -o pipefail
here=$(dirname "$(readlink -f "$0")")
target=$1 suite=$2 sources=$3
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

step() { printf '%(%H:%M:%S)T %s\n' -1 "$*"; }
inside() { chroot "$target" "$@"; }

apt_options=(--aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"')
for scheme in http https; do
  eval "$(apt-config shell proxy "Acquire::$scheme::Proxy")"
  [ -z "${proxy:-}" ] || apt_options+=(--aptopt="Acquire::$scheme::Proxy \"$proxy\"")
  unset proxy
done

step "base system"
timeout 900 mmdebstrap --quiet --variant=minbase --components=main "${apt_options[@]}" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt=force-unsafe-io --dpkgopt=force-confold \
  --include=systemd,systemd-sysv,dbus,iproute2,procps,ca-certificates,eatmydata,iputils-ping,curl,python3-minimal \
  "$suite" "$target" "$sources"

step "download"
printf '#!/bin/sh\nexit 101\n' > "$target/usr/sbin/policy-rc.d"
chmod 755 "$target/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$target/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$target/etc/ssl/certs/ca-certificates.crt"
mount -t proc proc "$target/proc"
mapfile -t packages < "$here/packages.txt"
timeout 120 chroot "$target" apt-get update -qq
timeout 900 chroot "$target" apt-get install -qq -y --no-install-recommends --download-only "${packages[@]}"

step "install"
# Byte-compiling package by package uses one core and takes a third of the installation: it is done once, on all cores, afterwards.
for tool in py3compile py3clean; do
  inside dpkg-divert --quiet --local --rename --divert "/usr/bin/$tool.real" --add "/usr/bin/$tool"
  ln -s true "$target/usr/bin/$tool"
done
timeout 1800 chroot "$target" eatmydata apt-get install -qq -y --no-install-recommends "${packages[@]}"
for tool in py3compile py3clean; do
  rm "$target/usr/bin/$tool"
  inside dpkg-divert --quiet --local --rename --remove "/usr/bin/$tool"
done
inside apt-get clean
rm "$target/usr/sbin/policy-rc.d"

step "byte-compile"
# Some packages carry modules that this Python can't compile; they are not loaded either.
inside python3 -m compileall -q -j 0 /usr/lib/python3/dist-packages > "$target/tmp/compileall.log" 2>&1 || true

step "static configuration"
cp -a --no-preserve=ownership "$here/tree/." "$target/"
rm -f "$target"/var/lib/apt/lists/*_*
# One thread each: eventlet's locks in neutron-api and others deadlock with more. A second process only where requests call
# back: Keystone, Nova, Neutron. Without "Connection: close" clients meet reset connections.
for ini in "$target"/etc/*/*-uwsgi.ini; do
  case $ini in */keystone/* | */nova-api-uwsgi.ini | */neutron/*) processes=2 ;; *) processes=1 ;; esac
  sed -i -E -e "s/^processes *=.*/processes = $processes/" -e 's/^threads *=.*/threads = 1/' -e 's/^plugins *=.*/plugins = python3/' \
    -e '/^(apparmor-profile|cheaper|workers).*/d' -e 's/^rem-header.*/add-header = Connection: close/' "$ini"
done
# The services start and stop with devcloud.target only, each after what it asks for when it starts.
units=$(find "$target/lib/systemd/system" -maxdepth 1 -printf '%f\n' |
  grep -E '^(keystone|glance|placement|nova|neutron|cinder|swift|ceph).*\.(service|target)$' | grep -v @)
for unit in $units mariadb.service rabbitmq-server.service memcached.service libvirtd.service; do
  systemctl --root="$target" disable --quiet "$unit" 2>/dev/null || true
done
grep -v '^#' "$here/units.txt" | while read -r unit awaited; do
  dropin=$target/etc/systemd/system/$unit.service.d
  mkdir -p "$dropin"
  {
    printf '[Unit]\nPartOf=devcloud.target\nStartLimitIntervalSec=0\n'
    case $unit in
      mariadb | rabbitmq-server | memcached | ceph-mon@*) ;;
      ceph-osd@*) printf 'After=ceph-mon@devcloud.service\n' ;;
      *) printf 'After=mariadb.service rabbitmq-server.service memcached.service ceph-osd@0.service libvirtd.service\n' ;;
    esac
    printf '[Service]\nRestart=on-failure\nRestartSec=3\n'
    case $awaited in first*) printf 'Nice=-5\n' ;; esac
    awaited=${awaited#first}
    [ -z "$awaited" ] || printf 'TimeoutStartSec=300\nExecStartPre=+/usr/bin/python3 /usr/local/lib/devcloud/await.py %s\n' "$awaited"
  } > "$dropin/devcloud.conf"
done
while read -r unit; do systemctl --root="$target" mask --quiet "$unit"; done < "$here/masked_units.txt"
systemctl --root="$target" enable --quiet systemd-networkd cgroup-rw

step "swift rings"
# Two partitions: container-updater starts a process for each of them in every round.
inside install -d -o swift -g swift /srv/node/d1 /var/cache/swift
for ring in account:6202 container:6201 object:6200; do
  builder=/etc/swift/${ring%:*}.builder
  inside swift-ring-builder "$builder" create 1 1 1 > /dev/null
  inside swift-ring-builder "$builder" add "r1z1-127.0.0.1:${ring#*:}/d1" 1 > /dev/null
  inside swift-ring-builder "$builder" rebalance > /dev/null
done
inside chown -R swift:swift /etc/swift

step "database schemas"
install -m 755 "$here/schemas.sh" "$target/root/schemas.sh"
unshare --net chroot "$target" /root/schemas.sh
rm "$target/root/schemas.sh"
umount "$target/proc"
step "done"
