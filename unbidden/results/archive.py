"""Logs from strangers: what would unpack to more than a machine holds is refused before anything of it is unpacked."""

from pathlib import Path
from zipfile import BadZipFile, ZipFile

from unbidden.errors import ResultsError

LARGEST, RATIO = 64 * 2**20, 200
"""Logs of less than so many bytes are never refused, and larger ones not unless they are packed more tightly than transcripts are:
those of this package come to 10 to 50 times their packed size."""

MEMBER = 2 * 2**30
"""The most bytes of one member: a sample."""


def must_unpack(path: Path) -> None:
    """Raises `ResultsError` if a log's members come to more than its size can honestly hold; what is no archive passes."""
    try:
        with ZipFile(path) as archive:
            sizes = [member.file_size for member in archive.infolist()]
    except (OSError, BadZipFile, ValueError, NotImplementedError):
        return  # said by whoever reads it
    packed = max(1, path.stat().st_size)
    if (sum(sizes) > LARGEST and sum(sizes) > RATIO * packed) or any(size > MEMBER for size in sizes):
        raise ResultsError(
            f"a log of {packed} bytes would unpack to {sum(sizes)}",
            where=str(path),
            fix="Do not trust whoever sent it",
        )
