"""The `/etc` of a bubblewrap machine: that of a small Debian computer with one user, and nothing of the host's."""

from collections.abc import Callable, Iterator
from pathlib import Path

from unbidden.world.machine import Setup

COMMAND = "/usr/local/lib/call"
"""Where the program lies that stands for each of the world's commands."""

SEARCHED = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

SMALL = 4 << 20
"""Bytes that the places hold which are written once."""

Data = Callable[[str], str]
"""Keeps a text in memory, and returns the number of the file it can be read from."""

RELEASE = """\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
SUPPORT_URL="https://www.debian.org/support"
BUG_REPORT_URL="https://bugs.debian.org/"
"""

PROFILE = f'PATH="{SEARCHED}"\nexport PATH\numask 022\n'

ACCOUNTS = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""

GROUPS = (
    "root:x:0:\ndaemon:x:1:\nbin:x:2:\nadm:x:4:\nmail:x:8:\nwww-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n"
)


def etc(setup: Setup, data: Data) -> Iterator[str]:
    """The flags that write it; the host's own is only looked at for which of several programs a name means."""
    yield from ("--size", str(SMALL), "--tmpfs", "/etc")
    for name, text in _texts(setup).items():
        yield from ("--perms", "0644", "--file", data(text), f"/etc/{name}")
    if Path("/usr/lib/os-release").is_file():
        yield from ("--perms", "0644", "--ro-bind-data", data(RELEASE), "/usr/lib/os-release")
    if Path("/etc/ld.so.cache").is_file():
        yield from ("--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache")
    for link in sorted(Path("/etc/alternatives").glob("*")):
        if link.is_symlink() and str(target := link.readlink()).startswith("/usr/"):
            meant = COMMAND if link.name in setup.commands else str(target)
            yield from ("--symlink", meant, str(link))


def _texts(setup: Setup) -> dict[str, str]:
    user, host = setup.user, setup.hostname
    return {
        "passwd": f"{ACCOUNTS}{user}:x:1000:1000:{user}:{setup.home}:/bin/bash\n",
        "group": f"{GROUPS}{user}:x:1000:\n",
        "hostname": f"{host}\n",
        "hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{host}\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "resolv.conf": "",
        "os-release": RELEASE,
        "debian_version": "12.12\n",
        "issue": "Debian GNU/Linux 12 \\n \\l\n",
        "profile": PROFILE,
        "bash.bashrc": "",
        "shells": "/bin/sh\n/bin/bash\n",
        "timezone": "Etc/UTC\n",
    }
