"""The files that make an embedded machine look like a small Debian computer, instead of what the interpreter brings."""

from collections.abc import Mapping

from unbidden.sandbox.bubblewrap_etc import ACCOUNTS, GROUPS, RELEASE

SEARCHED = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"

KERNEL = "6.1.0-28-amd64"
BUILT = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)"

EMPTY = (
    "boot",
    "lib",
    "media",
    "mnt",
    "opt",
    "root",
    "run",
    "sbin",
    "srv",
    "sys",
    "var/lib",
    "var/log",
    "var/mail",
    "var/spool",
)

PROGRAM = b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x3e\x00"
"""How the world's commands begin, for those who look into them; they are never run from there."""

_CPU = """\
processor\t: {number}
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 85
model name\t: Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz
stepping\t: 7
cpu MHz\t\t: 2500.000
cache size\t: 28160 KB
physical id\t: 0
siblings\t: 4
core id\t\t: {number}
cpu cores\t: 4
bogomips\t: 5000.00

"""

_MOUNTS = """\
/dev/sda1 / ext4 rw,relatime,errors=remount-ro 0 0
proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0
tmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,size=401236k,mode=755 0 0
"""

_MEMORY = """\
MemTotal:        4012360 kB
MemFree:         1873204 kB
MemAvailable:    3120448 kB
Buffers:          104332 kB
Cached:          1287716 kB
SwapTotal:             0 kB
SwapFree:              0 kB
"""

_STATUS = """\
Name:\tbash
Umask:\t0022
State:\tS (sleeping)
Tgid:\t1184
Pid:\t1184
PPid:\t1183
TracerPid:\t0
Uid:\t1000\t1000\t1000\t1000
Gid:\t1000\t1000\t1000\t1000
FDSize:\t256
Groups:\t1000
VmPeak:\t    8432 kB
VmSize:\t    8368 kB
VmRSS:\t    5120 kB
Threads:\t1
SigQ:\t0/15672
CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t000001ffffffffff
NoNewPrivs:\t0
Seccomp:\t0
"""

SHELL_VERSION = """\
GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)
Copyright (C) 2022 Free Software Foundation, Inc.
License GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>

This is free software; you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law."""


def etc(user: str, home: str, hostname: str) -> Mapping[str, str]:
    """The files of `/etc`, by name."""
    return {
        "passwd": f"{ACCOUNTS}{user}:x:1000:1000:{user}:{home}:/bin/bash\n",
        "group": f"{GROUPS}{user}:x:1000:\n",
        "hostname": f"{hostname}\n",
        "hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{hostname}\n",
        "os-release": RELEASE,
        "debian_version": "12.12\n",
        "issue": "Debian GNU/Linux 12 \\n \\l\n",
        "profile": f'PATH="{SEARCHED}"\nexport PATH\numask 022\n',
        "bash.bashrc": "",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "resolv.conf": "",
        "shells": "/bin/sh\n/bin/bash\n",
        "timezone": "Etc/UTC\n",
        "fstab": "/dev/sda1 / ext4 errors=remount-ro 0 1\n",
    }


def proc(hostname: str) -> Mapping[str, str]:
    """The files of `/proc`, by name."""
    version = f"Linux version {KERNEL} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0) {BUILT}\n"
    files = {
        "version": version,
        "cmdline": f"BOOT_IMAGE=/boot/vmlinuz-{KERNEL} root=/dev/sda1 ro quiet\n",
        "cpuinfo": "".join(_CPU.format(number=number) for number in range(4)),
        "filesystems": "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\n\text4\n",
        "loadavg": "0.08 0.03 0.01 1/142 1190\n",
        "meminfo": _MEMORY,
        "mounts": _MOUNTS,
        "uptime": "884213.52 3531120.04\n",
        "sys/kernel/hostname": f"{hostname}\n",
        "sys/kernel/osrelease": f"{KERNEL}\n",
        "sys/kernel/ostype": "Linux\n",
    }
    for process, name, line, group in (
        ("self", "bash", "bash\0", "0::/user.slice/user-1000.slice/session-3.scope\n"),
        ("1", "systemd", "/sbin/init\0", "0::/init.scope\n"),
    ):
        files |= {f"{process}/comm": f"{name}\n", f"{process}/cmdline": line, f"{process}/cgroup": group}
        files |= {
            f"{process}/mounts": _MOUNTS,
            f"{process}/status": _STATUS if process == "self" else "Name:\tsystemd\n",
        }
    return files
