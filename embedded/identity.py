"""Who PostgreSQL runs as. It refuses root, and root is who runs things in containers and on build machines."""

import ctypes
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWUSER = 0x10000000  # <linux/sched.h>


@dataclass(frozen=True)
class Identity:
    """`enter` is called between fork and exec; `uid` and `gid` own the files, as seen from outside."""

    uid: int
    gid: int
    enter: Callable[[], None]

    def may(self, test: str, path: Path) -> bool:
        """Whether this identity passes `test -x`, `-w` … on the path, all the folders above it included."""
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)],
                preexec_fn=self.enter,
                check=False,
            )
        except subprocess.SubprocessError:  # `enter` was refused
            return False
        return done.returncode == 0

    def own(self, folder: Path) -> None:
        """Gives the folder and all in it to this identity; only root ever needs that."""
        if folder.stat().st_uid == self.uid:
            return
        for path in [folder, *folder.rglob("*")]:
            os.lchown(path, self.uid, self.gid)


def current() -> Identity:
    return Identity(os.geteuid(), os.getegid(), lambda: None)


def nobody() -> Identity:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        uid = gid = 65534
    else:
        uid, gid = entry.pw_uid, entry.pw_gid

    def drop() -> None:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)

    return Identity(uid, gid, drop)


def root_in_disguise() -> Identity:
    """Root, in a user namespace of its own in which it is called nobody. The files stay root's.

    exec drops every capability, as the uid inside is not 0.
    """
    inside = nobody()
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)

    def unshare() -> None:
        if libc.unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        # user_namespaces(7): a group map may be written only after setgroups was given up.
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{inside.uid} {uid} 1"),
            ("gid_map", f"{inside.gid} {gid} 1"),
        ):
            Path(f"/proc/self/{name}").write_text(text)

    return Identity(uid, gid, unshare)


def for_postgres(state_folder: Path, spare: Path, program: Path) -> tuple[Identity, Path]:
    """Who shall run the program, and the folder, in `state_folder` if at all possible, that is this identity's own.

    A path that nobody cannot reach (below /root, say) is why there is the `spare` folder. A link beside the state tells
    that it is in use; without the link it is of a state folder that was removed, and is made anew.
    """
    home = state_folder / "postgres"
    home.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() != 0:
        return current(), home
    disguised = root_in_disguise()
    if sys.platform == "linux" and disguised.may("-x", program):
        disguised.own(home)
        if disguised.may("-w", home):
            return disguised, home
    unprivileged = nobody()
    state_folder.chmod(0o711)
    unprivileged.own(home)
    if not unprivileged.may("-w", home):
        link = home / "elsewhere"
        if spare.exists() and not link.is_symlink():
            shutil.rmtree(spare)
        home = spare
        home.mkdir(mode=0o700, exist_ok=True)
        unprivileged.own(home)
        if not link.is_symlink():
            link.symlink_to(spare)
    return unprivileged, home
