#!/bin/sh
# node_make.sh DIR BASE NAME SUBNET ADDRESS VOLUME STATE: the file system and the data volume of one guest.
set -eu
dir=$1 base=$2 name=$3 subnet=$4 address=$5 volume=$6 state=$7
mkdir -p "$dir/root" "$dir/upper" "$dir/work"
mount -t overlay "$name" -o "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
root=$dir/root

echo "$name" > "$root/etc/hostname"
printf '127.0.0.1 localhost\n%s.%s %s\n' "$subnet" "$address" "$name" > "$root/etc/hosts"
dns=$(awk '$1 == "nameserver" { print $2; exit }' /etc/resolv.conf)
cat > "$root/etc/systemd/network/10-host0.network" <<END
[Match]
Name=host0
[Network]
Address=$subnet.$address/24
Gateway=$subnet.1
DNS=$dns
LinkLocalAddressing=no
END
touch "$root/etc/cloud/cloud-init.disabled"
ssh-keygen -q -t ed25519 -N '' -f "$root/etc/ssh/ssh_host_ed25519_key"
echo "$subnet.$address $(cut -d' ' -f1-2 "$root/etc/ssh/ssh_host_ed25519_key.pub")" >> "$state/known_hosts"
mkdir -p "$root/root/.ssh"
chmod 700 "$root/root/.ssh"
cp "$state/id_ed25519.pub" "$root/root/.ssh/authorized_keys"

# The data volume, and a blank one for the faults. Where /dev is not kept by the kernel, nodes of further loop devices are missing.
for n in $(seq 0 63); do
  [ -b "/dev/loop$n" ] || mknod -m 600 "/dev/loop$n" b 7 "$n"
done
for volume_file in volume blank; do
  truncate -s 1G "$dir/$volume_file"
  losetup --find --show "$dir/$volume_file" > "$dir/$volume_file.loop"
done
# udev does not run in a container: a unit makes the name that Nova's disks have.
cat > "$root/etc/systemd/system/molecule-volume.service" <<END
[Unit]
DefaultDependencies=no
Before=local-fs-pre.target
Wants=local-fs-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mkdir -p /dev/disk/by-id
ExecStart=/bin/ln -sfn $(cat "$dir/blank.loop") /dev/disk/blank
ExecStart=/bin/ln -sfn $(cat "$dir/volume.loop") /dev/disk/by-id/virtio-$(echo "$volume" | cut -c1-20)
[Install]
WantedBy=local-fs.target
END
systemctl --root="$root" --quiet enable molecule-volume.service
touch "$dir/made"
