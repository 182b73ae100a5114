# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new SSH host key. Effects (randomness); private to the collection."""

from __future__ import annotations

import importlib

from ansible_collections.dbaas.openstack.plugins.module_utils._user_data import HostKey


def new_host_key() -> HostKey:
    """A fresh ed25519 key pair, made with cryptography, which openstacksdk depends on."""
    ed25519 = importlib.import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
    form = importlib.import_module("cryptography.hazmat.primitives.serialization")
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    return HostKey(private.decode(), public.decode().split()[1])
