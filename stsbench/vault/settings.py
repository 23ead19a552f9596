"""What a vault may be told from outside, and where its folders lie.

Rules owned here:
- Settings come from the environment once, when a process starts; nothing below reads it again.
- Everything sealed lies under `<home>/vault`, every key under `<home>/keys`, released files under
  `<home>/out`: a copy of `vault` alone opens nothing.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stsbench.errors import InputError
from stsbench.files.homes import find_home

__all__ = ["KEY_MODES", "VaultSettings", "load_settings"]

KEY_MODES = ("auto", "keyring", "file")
_GIB = 2**30


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """Settings of one broker.

    Parameters
    ----------
    home : Path
        Absolute, links resolved: two spellings of one folder are one vault.
    idle_s : float
        The broker ends when nobody asked it anything for so long and nothing is open.
    keys : str
        "auto" (the keyring of the operating system when there is one), "keyring" or "file".
    allowed_uids : frozenset of int
        Users whose processes are served.
    loopback : bool
        Serve on 127.0.0.1 with a token instead of a Unix socket.
    ticket_s, lease_s : float
        Life of an intake ticket; longest life of a lease, whatever the policy grants.
    checkpoint_every : int
        Audit entries between two signed checkpoints.
    parse_wall_s, parse_memory_bytes, preview_bytes : float, int, int
        Limits of the child that reads clinic files, and of all open previews together.
    """

    home: Path
    idle_s: float = 900.0
    keys: str = "auto"
    allowed_uids: frozenset[int] = frozenset()
    loopback: bool = False
    ticket_s: float = 3600.0
    lease_s: float = float("inf")
    checkpoint_every: int = 1000
    parse_wall_s: float = 120.0
    parse_memory_bytes: int = 4 * _GIB
    preview_bytes: int = 4 * _GIB

    @property
    def vault_folder(self) -> Path:
        """Sealed rows and objects."""
        return self.home / "vault"

    @property
    def keys_folder(self) -> Path:
        """Wrapped keys, and the root key when no keyring holds it."""
        return self.home / "keys"

    @property
    def out_folder(self) -> Path:
        """Released files, one folder per case number."""
        return self.home / "out"


def load_settings(
    home: Path | None = None, environment: Mapping[str, str] = os.environ
) -> VaultSettings:
    """Read the settings of the broker of a home.

    Raises
    ------
    InputError
        A value that is no number, or an unknown key mode.
    """
    keys = environment.get("STSBENCH_KEYS", "auto")
    if keys not in KEY_MODES:
        raise InputError(
            f"STSBENCH_KEYS is {keys!r}.", f"Set it to one of {', '.join(KEY_MODES)}, or unset it."
        )
    own = frozenset({os.getuid()}) if hasattr(os, "getuid") else frozenset()
    served = environment.get("STSBENCH_VAULT_UIDS", "")
    uids = frozenset(int(uid) for uid in _numbers("STSBENCH_VAULT_UIDS", served)) or own
    return VaultSettings(
        home=find_home(home),
        idle_s=_number(environment, "STSBENCH_VAULT_IDLE_S", 900.0),
        keys=keys,
        allowed_uids=uids,
        loopback=environment.get("STSBENCH_VAULT_LOOPBACK", "") == "1" or not own,
        ticket_s=_number(environment, "STSBENCH_VAULT_TICKET_S", 3600.0),
        lease_s=_number(environment, "STSBENCH_VAULT_LEASE_S", float("inf")),
        checkpoint_every=max(1, int(_number(environment, "STSBENCH_VAULT_CHECKPOINT_EVERY", 1000))),
        parse_wall_s=_number(environment, "STSBENCH_VAULT_PARSE_S", 120.0),
    )


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "")
    return _numbers(name, text)[0] if text else default


def _numbers(name: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise InputError(f"{name} is {text!r}, not a number.", "Correct it or unset it.") from None
