"""The files of an export, out of folders and zips, and nothing that could harm.

    refused = []
    for file in files_of(Path("submissions.zip"), refused):
        file.path, file.modified, file.read()
    refused                                        # [("../x.ipynb", "would lie outside ..."), ...]

Nothing is ever unpacked onto the disk: a file of a zip is read into memory, and no further than a
limit.  So a zip can neither write outside its folder nor fill the disk.
"""

import io
import os
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

from gancourse.errors import CourseError, MissingFile

FILE_LIMIT = 64 * 2**20  # bytes of a file; a lesson with its outputs has 1.5 MB
ZIP_LIMIT = 512 * 2**20  # bytes that are read out of one student's zip, with the zips in it
DENSEST = 50  # how many times its own size a zip that the teacher has downloaded may hold besides
DEPTH = 4  # zips in zips
LONGEST = 500  # characters of a path; no disk takes much longer ones
JUNK_FOLDERS = {"__MACOSX", ".ipynb_checkpoints", "__pycache__", ".git", ".idea", ".vscode"}
JUNK = re.compile(r"\._.*|~\$.*|\.DS_Store|Thumbs\.db|desktop\.ini", re.I)
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, ValueError)
Refused = list[tuple[str, str]]  # a path in the export, and why it is left out


class TooLarge(CourseError):
    """A file, or what was read of a zip, is over its limit."""


class File(NamedTuple):
    """A file of an export."""

    path: str  # in the export, with "/"; a zip in it counts as a folder of its name
    modified: datetime | None  # UTC; in a zip often the moment of its download
    read: Callable[[], bytes]  # raises TooLarge, or CourseError when the zip is broken here


class _Allowance:
    """How many bytes may still be read out of a zip."""

    def __init__(self, left: int):
        self.left = left


def files_of(source: Path, refused: Refused) -> Iterator[File]:
    """Yield the files of a folder, a zip or a notebook, and those of zips in it, sorted by path.

    What is left out for a reason goes to `refused`.  A file's `read` works until the next file is
    asked for.  Raises MissingFile where there is nothing, CourseError for a zip that is not whole.
    """
    if source.is_dir():
        for path in sorted(_below(source, refused)):
            name = unicodedata.normalize("NFC", path.relative_to(source).as_posix())
            yield from _of_file(path, name, refused)
    elif not source.exists():
        raise MissingFile(f"there is no {source}: give the zip, or the folder with what you have "
                          "downloaded")
    elif source.suffix.lower() == ".zip" or zipfile.is_zipfile(source):
        try:
            yield from _of_zip_on_disk(source, "", refused)
        except CourseError as error:
            raise CourseError(f"{source} {error}: download it once more") from error
    else:
        yield from _of_file(source, source.name, refused)


def _below(folder: Path, refused: Refused) -> Iterator[Path]:
    """The files below a folder; a link is refused, because it may lead anywhere."""
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in JUNK_FOLDERS]
        for name in [*folders, *names]:
            path = Path(root, name)
            if path.is_symlink():
                refused.append((path.relative_to(folder).as_posix(), "is a link, not a file"))
            elif name in names and not JUNK.fullmatch(name):
                yield path


def _of_file(path: Path, name: str, refused: Refused) -> Iterator[File]:
    """A file on the disk, or the files of it where it is a zip."""
    if name.lower().endswith(".zip"):
        try:
            yield from _of_zip_on_disk(path, f"{name}/", refused)
        except CourseError as error:
            refused.append((name, str(error)))
    elif name.lower().endswith(OTHER_ARCHIVES):
        refused.append((name, "is an archive, but not a zip: unpack it, and collect the folder"))
    else:
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        yield File(name, modified, lambda: _limited(open(path, "rb"), FILE_LIMIT))


def _of_zip_on_disk(path: Path, prefix: str, refused: Refused) -> Iterator[File]:
    """The files of a zip that the teacher has downloaded, or a student's in a folder."""
    allowance = _Allowance(ZIP_LIMIT + DENSEST * path.stat().st_size)
    with open(path, "rb") as file:
        yield from _of_zip(file, prefix, refused, allowance, 1)


def _of_zip(file: IO[bytes], prefix: str, refused: Refused, allowance: _Allowance,
            depth: int) -> Iterator[File]:
    """The files of a zip, which is the `depth`-th around them; `prefix` begins their paths."""
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN as error:
        raise CourseError(f"is not a whole zip ({error})") from error
    with archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            name = _name(info)
            parts = name.split("/")
            ending = name.lower()
            path = prefix + name
            if info.is_dir() or JUNK_FOLDERS & set(parts) or JUNK.fullmatch(parts[-1]):
                continue
            if len(path) > LONGEST:
                refused.append((path[:60] + "...", "has a name that is too long"))
            elif name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in parts:
                refused.append((path, "would lie outside the folder that the zip is unpacked in; "
                                "programs do not make such a zip by themselves"))
            elif ending.endswith(OTHER_ARCHIVES):
                refused.append((path, "is an archive, but not a zip: ask for the notebook itself"))
            elif not ending.endswith(".zip"):
                yield File(path, _modified(info), _reader(archive, info, FILE_LIMIT, allowance))
            elif depth == DEPTH:
                refused.append((path, f"lies {DEPTH} zips deep, and is a zip once more"))
            else:
                # a student's own zip has a limit of its own, so that it spoils no other's
                inner = _Allowance(ZIP_LIMIT) if depth == 1 else allowance
                try:
                    data = _reader(archive, info, ZIP_LIMIT, inner)()
                    yield from _of_zip(io.BytesIO(data), f"{path}/", refused, inner, depth + 1)
                except CourseError as error:
                    refused.append((path, str(error)))


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int,
            allowance: _Allowance) -> Callable[[], bytes]:
    """What reads a file of a zip.

    The size that a zip states may be a lie, so it counts for nothing: reading stops at the limit.
    """
    def read() -> bytes:
        allowed = max(0, min(limit, allowance.left))
        try:
            data = _limited(archive.open(info), allowed)
        except TooLarge:
            allowance.left -= allowed
            raise
        except NotImplementedError as error:
            raise CourseError(f"is packed in a way that Python cannot read ({error}): pack it "
                              "anew") from error
        except RuntimeError as error:  # the module has no class of its own for this
            raise CourseError("is locked with a password") from error
        except BROKEN as error:
            raise CourseError(f"is damaged in its zip ({error})") from error
        allowance.left -= len(data)
        return data

    return read


def _limited(file: IO[bytes], limit: int) -> bytes:
    """The bytes of a file, which is closed.  Raises TooLarge when there are more than `limit`."""
    with file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise TooLarge(f"is too large (over {FILE_LIMIT // 2**20} MB, or its zip unpacks to over "
                       f"{ZIP_LIMIT // 2**20} MB): ask for the notebook without outputs")
    return data


def _name(info: zipfile.ZipInfo) -> str:
    """A file's path in a zip, with "/" and composed umlauts.

    Without its flag for UTF-8 a zip does not say how names are written, and Python then reads the
    alphabet of the first PCs (cp437).  macOS writes UTF-8 all the same, Windows cp850 or cp1252:
    the first in which every character beyond ASCII is a letter or an accent is taken.
    """
    name = info.filename
    if not info.flag_bits & 0x800:
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "cp850", "cp1252"):
            text = raw.decode(encoding, "replace")  # what it cannot read becomes a symbol
            if all(c.isascii() or unicodedata.category(c)[0] in "LM" for c in text):
                name = text
                break
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _modified(info: zipfile.ZipInfo) -> datetime | None:
    """When a zip says that a file was changed; it is taken for this machine's local time."""
    try:
        moment = datetime(*info.date_time)
    except ValueError:  # a month 0
        return None
    return moment.astimezone(UTC) if moment.year > 1980 else None
