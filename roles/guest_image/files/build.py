# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a guest's root file system once, and its outputs from it.

Reads a specification (see L(Spec)) as JSON from standard input, writes the result as JSON to standard output, progress
to standard error. `build.py plan` says what `build.py build` would make and makes nothing.

An entry of the cache is a directory named after what it is built from. It is built under another name and renamed when
it is complete, so that a killed build leaves nothing that looks finished; the lock is inherited by everything that the
build starts, so that a second build waits for what a killed one left running.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import math
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time
import typing as t

# apt's options that belong to the mirrors and not to the machine.
MIRROR_OPTIONS = {
    "Acquire::Check-Date",
    "Acquire::Check-Valid-Until",
    "Acquire::http::Proxy",
    "Acquire::https::Proxy",
}
MIB = 1024 * 1024
BUILD_TIMEOUT = 1800
LOCK_TIMEOUT = 1800
KEPT_ENTRIES = 2
TREE = pathlib.Path(__file__).resolve().parent / "tree"


class BuildError(Exception):
    """What stands in the way; the text is for a person."""


@dataclasses.dataclass(frozen=True)
class Spec:
    """What is built: the fields of the JSON on standard input."""

    name: str  # of the entry, for instance mariadb-10.11
    os: str  # debian-12
    suite: str  # bookworm
    pockets: list[str]  # archives beside the suite's own: updates, security
    packages: list[str]
    enabled_units: list[str]
    masked_units: list[str]
    held_packages: list[str]
    disabled_services: list[str]
    removed_paths: list[str]  # absolute in the guest, for instance a data directory that a package made
    outputs: list[str]
    guest_mirror: str  # "" = the host's own mirrors
    serial: str  # another value = another entry, with the packages of today
    cache_dir: str


@dataclasses.dataclass(frozen=True)
class Mirrors:
    archive: str
    security: str
    options: dict[str, str]  # apt's options that belong to the mirrors


def log(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def run(argv: t.Sequence[str], *, stdin: str = "", lock: int | None = None, timeout: float = 120) -> str:
    """Run a command to its end; if this process dies, the command and all its children die with it."""
    guard = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    try:
        done = subprocess.run(
            [*guard, *argv],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            pass_fds=() if lock is None else (lock,),
            env={**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
        )
    except subprocess.TimeoutExpired as exc:
        raise BuildError(f"{argv[0]} did not end within {timeout:.0f} s.") from exc
    if done.returncode != 0:
        raise BuildError(f"{argv[0]} failed ({done.returncode}): {(done.stderr or done.stdout).strip()[-3000:]}")
    return done.stdout


def parse_mirrors(targets: str, codename: str, settings: str) -> Mirrors:
    """Return the mirrors of the host.

    O(targets) holds lines of site and release as apt lists its index targets; O(settings) is what `apt-config dump`
    prints. The host's own release tells which sites are the archive and the security archive.
    """
    sites: dict[str, str] = {}
    for line in targets.splitlines():
        site, _sep, release = line.rpartition(" ")
        sites.setdefault(release, site)
    if codename not in sites:
        raise BuildError(f"apt on this machine has no mirror of {codename!r}. Run apt-get update, then try again.")
    options = {}
    for line in settings.splitlines():
        key, _sep, value = line.rstrip(";").partition(" ")
        if key in MIRROR_OPTIONS:
            options[key] = value.strip('"')
    archive = sites[codename]
    return Mirrors(archive, sites.get(f"{codename}-security", f"{archive}-security"), options)


def host_mirrors() -> Mirrors:
    release = dict(
        line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text("utf-8").splitlines() if "=" in line
    )
    targets = run(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)", "Created-By: Packages"])
    return parse_mirrors(targets, release.get("VERSION_CODENAME", "").strip('"'), run(["apt-config", "dump"]))


def source_lines(mirrors: Mirrors, suite: str, pockets: t.Iterable[str]) -> list[str]:
    """Return the lines of sources.list for a suite and its pockets."""
    sites = {"security": mirrors.security}
    return [
        f"deb {mirrors.archive} {suite} main",
        *(f"deb {sites.get(pocket, mirrors.archive)} {suite}-{pocket} main" for pocket in pockets),
    ]


def guest_mirrors(spec: Spec, mirrors: Mirrors) -> Mirrors:
    """Return the mirrors that the guest itself uses: a proxy of the host is not one of the guest."""
    if spec.guest_mirror:
        return Mirrors(spec.guest_mirror, f"{spec.guest_mirror}-security", {})
    return dataclasses.replace(
        mirrors, options={key: value for key, value in mirrors.options.items() if "Proxy" not in key}
    )


def entry_name(spec: Spec, mirrors: Mirrors, sources: t.Iterable[tuple[str, bytes]]) -> str:
    """Return the name of the cache entry: the same for the same inputs, wherever and whenever it is built."""
    inputs = dataclasses.asdict(spec)
    del inputs["cache_dir"], inputs["outputs"]
    digest = hashlib.sha256(json.dumps([inputs, dataclasses.asdict(mirrors)], sort_keys=True).encode())
    for path, content in sources:
        digest.update(f"\0{path}\0{len(content)}\0".encode() + content)
    return f"{spec.name}-{spec.os}-{digest.hexdigest()[:16]}"


def builder_sources() -> list[tuple[str, bytes]]:
    files = [pathlib.Path(__file__).resolve(), *sorted(path for path in TREE.rglob("*") if path.is_file())]
    return [(path.name, path.read_bytes()) for path in files]


def image_mib(used_mib: int) -> int:
    """Return the virtual size of the image: what is used, a tenth for the file system, room to boot; whole 64 MiB."""
    return math.ceil((used_mib * 1.1 + 256) / 64) * 64


@contextlib.contextmanager
def locked(path: pathlib.Path) -> t.Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        deadline = time.monotonic() + LOCK_TIMEOUT
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise BuildError(f"another build has held {path} for {LOCK_TIMEOUT} s.") from None
                time.sleep(0.5)
        yield handle.fileno()


def bootstrap(spec: Spec, mirrors: Mirrors, root: pathlib.Path, lock: int) -> None:
    """Install the packages into O(root)."""
    apt = {**mirrors.options, "Acquire::Languages": "none", "APT::Install-Recommends": "false"}
    argv = ["mmdebstrap", "--mode=root", "--format=directory", "--variant=minbase", "--components=main"]
    argv += [f'--aptopt={key} "{value}"' for key, value in apt.items()]
    argv += [f"--dpkgopt={line}" for line in (TREE / "etc/dpkg/dpkg.cfg.d/60dbaas").read_text("utf-8").splitlines()]
    argv += ["--dpkgopt=force-unsafe-io"]
    argv += [f"--include={','.join(spec.packages)}"]
    argv += [f'--essential-hook=cp -r --no-preserve=ownership {shlex.quote(str(TREE))}/. "$1"']
    run(
        [*argv, spec.suite, str(root), "-"],
        stdin="\n".join(source_lines(mirrors, spec.suite, spec.pockets)) + "\n",
        lock=lock,
        timeout=BUILD_TIMEOUT,
    )


def finish(spec: Spec, mirrors: Mirrors, root: pathlib.Path) -> None:
    """Turn what the packages left into an image: no identity, no data, no service that starts too early."""
    for option_file in ("etc/apt/apt.conf.d/99mmdebstrap", "etc/dpkg/dpkg.cfg.d/99mmdebstrap", "etc/apt/sources.list"):
        (root / option_file).unlink(missing_ok=True)
    (root / "etc/apt/sources.list.d/debian.list").write_text(
        "\n".join(source_lines(mirrors, spec.suite, spec.pockets)) + "\n", "utf-8"
    )
    (root / "etc/apt/apt.conf.d/61dbaas-mirror").write_text(
        "".join(f'{key} "{value}";\n' for key, value in sorted(mirrors.options.items())), "utf-8"
    )
    for path in [*root.glob("etc/ssh/ssh_host_*"), root / "etc/hostname", root / "etc/resolv.conf"]:
        path.unlink(missing_ok=True)
    (root / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    (root / "etc/machine-id").write_text("", "utf-8")
    for name in spec.removed_paths:
        shutil.rmtree(root / name.lstrip("/"), ignore_errors=True)
    systemctl = ["systemctl", f"--root={root}", "--quiet"]
    run([*systemctl, "enable", *spec.enabled_units])
    if spec.disabled_services:
        run([*systemctl, "disable", *spec.disabled_services])
    run([*systemctl, "mask", *spec.masked_units])
    if spec.held_packages:
        run(["chroot", str(root), "apt-mark", "hold", *spec.held_packages])
    for log_file in (root / "var/log").rglob("*"):
        if log_file.is_file():
            log_file.unlink()
    # systemd compares these with /usr: without them the first boot rebuilds its hardware database and more.
    for stamp in ("etc/.updated", "var/.updated"):
        (root / stamp).touch()


def make_entry(spec: Spec, mirrors: Mirrors, entry: pathlib.Path, lock: int) -> None:
    building = entry.with_name(f".building-{entry.name}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    root = building / "root"
    log(f"root file system of {entry.name}: bootstrap")
    bootstrap(spec, mirrors, root, lock)
    finish(spec, guest_mirrors(spec, mirrors), root)
    for name, pattern in (("vmlinuz", "boot/vmlinuz-*"), ("initrd", "boot/initrd.img-*")):
        (found,) = root.glob(pattern)
        shutil.move(found, building / name)
    installed = run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\\n"])
    manifest = {"spec": dataclasses.asdict(spec), "packages": dict(line.split(" ") for line in installed.splitlines())}
    (building / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True), "utf-8")
    building.rename(entry)


def make_qcow2(entry: pathlib.Path, lock: int) -> None:
    """Write entry/image.qcow2: one ext4 file system without a partition table, grown at boot to the disk's size."""
    log(f"disk image of {entry.name}")
    raw, building = entry / ".image.raw", entry / ".image.qcow2"
    used = int(run(["du", "-sm", "--apparent-size", str(entry / "root")]).split()[0])
    raw.unlink(missing_ok=True)
    with raw.open("wb") as handle:
        handle.truncate(image_mib(used) * MIB)
    options = ["-O", "^metadata_csum_seed,^orphan_file", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-m", "1"]
    run(
        ["mke2fs", "-q", "-t", "ext4", "-L", "rootfs", *options, "-d", str(entry / "root"), str(raw)],
        lock=lock,
        timeout=BUILD_TIMEOUT,
    )
    convert = ["qemu-img", "convert", "-O", "qcow2", "-c", "-o", "compression_type=zstd"]
    run([*convert, str(raw), str(building)], lock=lock, timeout=BUILD_TIMEOUT)
    raw.unlink()
    size = int(json.loads(run(["qemu-img", "info", "--output=json", str(building)]))["virtual-size"])
    with building.open("rb") as handle:
        facts = {"sha256": hashlib.file_digest(handle, "sha256").hexdigest(), "virtual_size": size}
    (entry / "image.json").write_text(json.dumps(facts), "utf-8")
    building.rename(entry / "image.qcow2")


def prune(entry: pathlib.Path) -> list[str]:
    """Remove the oldest entries of the same image, except those that a mount uses; return their names."""
    stem = entry.name.rsplit("-", 1)[0]
    mounts = pathlib.Path("/proc/self/mounts").read_text("utf-8")
    siblings = sorted(entry.parent.glob(f"{stem}-{'?' * 16}"), key=lambda path: path.stat().st_mtime, reverse=True)
    others = [path for path in siblings if path != entry]
    removed = [path for path in others[KEPT_ENTRIES - 1 :] if str(path) not in mounts]
    for path in removed:
        trash = path.with_name(f".removing-{path.name}")
        path.rename(trash)
        shutil.rmtree(trash)
    return [path.name for path in removed]


def missing_outputs(entry: pathlib.Path, outputs: list[str]) -> list[str]:
    files = {"qcow2": entry / "image.qcow2", "nspawn": entry / "root"}
    return [output for output in outputs if not files[output].exists()]


def result(entry: pathlib.Path, outputs: list[str], made: list[str], seconds: float) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {"entry": str(entry), "changed": bool(made), "made": made, "seconds": round(seconds, 1)}
    if "nspawn" in outputs:
        found["root"] = str(entry / "root")
    if "qcow2" in outputs:
        facts = json.loads((entry / "image.json").read_text("utf-8")) if (entry / "image.qcow2").exists() else {}
        found.update(
            qcow2=str(entry / "image.qcow2"),
            kernel=str(entry / "vmlinuz"),
            initrd=str(entry / "initrd"),
            sha256=facts.get("sha256", ""),
            min_disk_gb=math.ceil(facts.get("virtual_size", 0) / 1024 / MIB),
        )
    return found


def main(action: str) -> dict[str, t.Any]:
    start = time.monotonic()
    spec = Spec(**json.load(sys.stdin))
    mirrors = host_mirrors()
    cache = pathlib.Path(spec.cache_dir) / "guest_image"
    entry = cache / entry_name(spec, mirrors, builder_sources())
    missing = missing_outputs(entry, spec.outputs)
    if action == "plan" or not missing:
        return result(entry, spec.outputs, missing, time.monotonic() - start)
    with locked(cache / "lock") as lock:
        made = missing_outputs(entry, spec.outputs)
        if not entry.exists():
            make_entry(spec, mirrors, entry, lock)
        if "qcow2" in made:
            make_qcow2(entry, lock)
        if made:
            prune(entry)
    return result(entry, spec.outputs, made, time.monotonic() - start)


if __name__ == "__main__":
    try:
        print(json.dumps(main(sys.argv[1])))
    except BuildError as error:
        sys.exit(str(error))
