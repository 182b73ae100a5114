# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.gates.sanity DIRECTORY``: ansible-test sanity on a real copy of the checkout.

ansible-test wants the collection in a directory that is really called ``ansible_collections/<namespace>/<name>``,
drops pip's environment variables, and downloads get-pip. So it runs with a home of its own (DIRECTORY/../sanity-home,
kept for its virtual environments), a pip.conf made from this machine's pip settings, and a stand-in for get-pip.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from tests.gates.tree import copy

GET_PIP = """\
import ensurepip, os, subprocess, sys
saved = dict(os.environ)
ensurepip.bootstrap(default_pip=True)
os.environ.clear()
os.environ.update(saved)
wanted = [argument for argument in sys.argv[1:] if argument.startswith("pip==")]
if wanted:
    subprocess.check_call([sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-q", *wanted])
"""
MUST_RUN = ("compile", "import", "pylint", "validate-modules")
FROM_ENVIRONMENT = {"cert": ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), "proxy": ("https_proxy", "HTTPS_PROXY")}


def pip_conf(listing: Iterable[str], environment: Mapping[str, str]) -> str:
    """Turn the lines of ``pip config list`` into a pip.conf.

    PIP_* variables (listed below ``:env:``) win over files; certificate and proxy fall back to the variables that
    everybody reads.
    """
    sections: dict[str, dict[str, str]] = {"global": {}}
    variables: dict[str, str] = {}
    for line in listing:
        key, separator, value = line.partition("=")
        section, dot, option = key.partition(".")
        if not (separator and dot):
            continue
        settings = variables if section == ":env:" else sections.setdefault(section, {})
        settings[option] = str(ast.literal_eval(value))
    sections["global"].update(variables)
    for option, names in FROM_ENVIRONMENT.items():
        for name in names:
            if environment.get(name):
                sections["global"].setdefault(option, environment[name])
    lines = []
    for section, settings in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{option} = {value}".replace("\n", "\n    ") for option, value in settings.items()]
    return "\n".join(lines) + "\n"


def _home(home: Path) -> None:
    listing = subprocess.run(["pip", "config", "list"], check=True, stdout=subprocess.PIPE, text=True).stdout
    conf = home / ".config/pip/pip.conf"
    conf.parent.mkdir(parents=True, exist_ok=True)
    conf.touch(mode=0o600)
    conf.write_text(pip_conf(listing.splitlines(), os.environ), encoding="utf-8")
    stand_in = home / ".ansible/test/cache/get_pip_24_2.py"
    stand_in.parent.mkdir(parents=True, exist_ok=True)
    stand_in.write_text(GET_PIP, encoding="utf-8")


def _dependencies(tree: Path, collections: Path) -> None:
    """Put what galaxy.yml depends on beside the collection: there ansible-test looks for documentation fragments."""
    installed = Path(sysconfig.get_path("purelib"), "ansible_collections")
    for dependency in yaml.safe_load((tree / "galaxy.yml").read_text(encoding="utf-8"))["dependencies"]:
        place = Path(*dependency.split("."))
        (collections / place).parent.mkdir(exist_ok=True)
        (collections / place).symlink_to(installed / place, target_is_directory=True)


def main() -> int:
    """Run ansible-test; return 0 only if it succeeded and really ran (with no target it succeeds too)."""
    scratch = Path(sys.argv[1]).resolve()
    home = scratch.parent / "sanity-home"
    _home(home)
    tree = scratch / "ansible_collections/dbaas/openstack"
    copy(Path.cwd(), tree)
    _dependencies(tree, scratch / "ansible_collections")
    subprocess.run(
        ["git", "init", "-q", tree], check=True
    )  # else the checkout's git, which ignores DIRECTORY, is asked
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = ["ansible-test", "sanity", "--venv", "--python", python, "--color", "no", "--junit"]
    environment = {name: value for name, value in os.environ.items() if name != "ANSIBLE_COLLECTIONS_PATH"}
    status = subprocess.run(command, cwd=tree, env={**environment, "HOME": str(home)}, check=False).returncode
    reports = tree / "tests/output/junit"
    not_run = [test for test in MUST_RUN if not list(reports.glob(f"ansible-test-sanity-{test}*.xml"))]
    if not_run:
        print(f"ansible-test left no report of: {', '.join(not_run)}")
    return status or len(not_run)


if __name__ == "__main__":
    sys.exit(main())
