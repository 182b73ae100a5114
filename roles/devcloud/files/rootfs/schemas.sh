#!/usr/bin/env bash
# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Create and fill the schemas of all OpenStack databases. Runs in the root file system, in a network namespace of its own,
# against a MariaDB that lives only as long as this script. Nothing in the result depends on a cloud: Nova's cell
# mappings are templates that each cloud's own configuration completes.
set -eu -o pipefail
export LC_ALL=C.UTF-8
work=$(mktemp -d)
url=mysql+pymysql://build:build@127.0.0.1
ip link set lo up
install -d -o mysql -g mysql /run/mysqld
eatmydata mariadbd --user=mysql > "$work/mariadbd.log" 2>&1 &
server=$!
for _ in $(seq 120); do
  mariadb-admin ping > /dev/null 2>&1 && break
  kill -0 $server || { cat "$work/mariadbd.log"; exit 1; }
  sleep 0.25
done

for database in keystone glance placement nova_api nova nova_cell0 neutron cinder; do
  printf 'CREATE DATABASE %s CHARACTER SET utf8mb3;\n' $database
done > "$work/create.sql"
echo "GRANT ALL ON *.* TO 'build'@'127.0.0.1' IDENTIFIED BY 'build';" >> "$work/create.sql"
mariadb < "$work/create.sql"

conf() { printf '[%s]\nconnection = %s/%s\n' "$2" "$url" "$3" >> "$work/$1.conf"; }
conf keystone database keystone
conf glance database glance
conf placement placement_database placement
conf nova api_database nova_api
conf nova database nova
conf neutron database neutron
conf cinder database cinder
printf '[DEFAULT]\ntransport_url = rabbit://build:build@127.0.0.1:5672/\n' >> "$work/nova.conf"
printf '[DEFAULT]\ncore_plugin = ml2\nservice_plugins = router\n' >> "$work/neutron.conf"
chmod -R a+rX "$work"

cell='{scheme}://{username}:{password}@{hostname}'
# As the service's user: this also leaves the service a cache of its entry points, so that it starts faster.
manage() { runuser -u "$1" -- env HOME="/var/lib/$1" "$2" --config-file "$work/$1.conf" "${@:3}"; }
sync_nova() {
  manage nova nova-manage api_db sync
  manage nova nova-manage cell_v2 map_cell0 --database_connection "$cell/nova_cell0"
  manage nova nova-manage cell_v2 create_cell --name cell1 --database_connection "$cell/nova" --transport-url "$cell:{port}/"
  manage nova nova-manage db sync
}
sync_others() {
  manage keystone keystone-manage db_sync
  manage glance glance-manage db_sync
  manage placement placement-manage db sync
  manage cinder cinder-manage db sync
}
sync_neutron() {
  manage neutron neutron-db-manage --config-file /etc/neutron/plugins/ml2/ml2_conf.ini upgrade head
}
jobs=()
for job in nova neutron others; do
  ( set -e; sync_$job ) > "$work/$job.log" 2>&1 &
  jobs+=("$job:$!")
done
for job in "${jobs[@]}"; do
  wait "${job#*:}" || { echo "schemas of ${job%:*} failed:"; tail -n 30 "$work/${job%:*}.log"; exit 1; }
done

echo "DROP USER 'build'@'127.0.0.1';" | mariadb
mariadb-admin shutdown
wait $server
rm -rf "$work" /var/log/{keystone,glance,placement,nova,neutron,cinder}/*.log
