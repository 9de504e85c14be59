"""Color photos in a folder tree, a tar archive or a folder of tar archives."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


SUFFIXES = (".avif", ".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SIDE = 256
"""Side of the photos that are scored, in pixels."""


@dataclass(frozen=True)
class Photo:
    """Location of one photo: a file, or a member of a tar archive.

    Attributes
    ----------
    name : str
        Path below the source, with forward slashes. The name of a member of an archive
        begins with the archive's own name, without ``.tar``.
    path : Path
        The file, or the archive that holds it.
    offset, length : int
        Position of the bytes in the archive; ``length`` is -1 for a plain file.
    """

    name: str
    path: Path
    offset: int = 0
    length: int = -1

    @property
    def held_out(self) -> bool:
        """Whether the source itself sets this photo aside for validation."""
        return self.name.split("/")[0] in ("val", "validation")

    @property
    def size(self) -> int:
        """Length of the encoded photo in bytes."""
        return self.path.stat().st_size if self.length < 0 else self.length

    def read(self) -> NDArray[np.uint8]:
        """Decode the photo and turn it upright.

        Returns
        -------
        (H, W, 3) uint8, sRGB

        Raises
        ------
        OSError
            If the file cannot be read, or Pillow cannot decode it.
        """
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read(self.length)
        try:
            with Image.open(io.BytesIO(data)) as image:
                return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        except Exception as error:
            # Pillow's decoders raise a dozen kinds of errors on broken files.
            raise OSError(f"{self.name} is no readable picture: {error}") from error


def _in_archive(path: Path, below: str) -> Iterator[Photo]:
    """Yield the photos of an archive in the subfolder ``below``."""
    folder = f"{path.stem}/"
    try:
        # A single photo can be read only from an archive that is not compressed.
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                if member.isfile() and member.name.lower().endswith(SUFFIXES):
                    # Many archives hold one folder, which has the archive's name.
                    inner = member.name.removeprefix("./").removeprefix(folder)
                    name = f"{below}{folder}{inner}"
                    yield Photo(name, path, member.offset_data, member.size)
    except tarfile.TarError as error:
        raise ValueError(
            f"{path} is damaged or compressed, expected a plain tar archive: {error}"
        ) from error


def find_photos(source: str | Path) -> list[Photo]:
    """List the photos of a source, sorted by name.

    Parameters
    ----------
    source
        A tar archive, or a folder, which is searched with all its subfolders for photos
        and tar archives. So an ImageNet-style tree of class folders works, and so does
        a folder of shards.

    Raises
    ------
    FileNotFoundError
        If the source does not exist or holds no photo.
    ValueError
        If an archive is compressed or damaged.
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(f"{source} does not exist; expected photos there")
    root = source.parent if source.is_file() else source
    paths = [source] if source.is_file() else sorted(source.rglob("*"))
    photos: list[Photo] = []
    for path in paths:
        suffix, name = path.suffix.lower(), path.relative_to(root).as_posix()
        if suffix == ".tar" and path.is_file():
            photos.extend(_in_archive(path, name.removesuffix(path.name)))
        elif suffix in SUFFIXES and path.is_file():
            photos.append(Photo(name, path))
    if not photos:
        raise FileNotFoundError(
            f"{source} holds no photos; expected {', '.join(SUFFIXES)} files "
            "or tar archives of them"
        )
    return sorted(photos, key=lambda photo: photo.name)


def read_photos(
    photos: Sequence[Photo], description: str
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield decoded photos one by one, with a progress bar.

    Yields
    ------
    name : str
    rgb : (H, W, 3) uint8, sRGB

    Raises
    ------
    OSError
        If a photo cannot be read; the message names it.
    """
    for photo in tqdm(photos, desc=description, unit="photo"):
        try:
            yield photo.name, photo.read()
        except OSError as error:
            raise OSError(
                f"{photo.name} in {photo.path} is no readable photo: {error}"
            ) from error


def fingerprint(source: str | Path, photos: Sequence[Photo]) -> str:
    """Return a hash that tells one source from another.

    Parameters
    ----------
    source
        Folder or archive.
    photos
        The photos that ``find_photos`` found there.

    Returns
    -------
    str
        SHA-256 of the folder's ``manifest.csv``; without one, of the names and lengths
        of its photos.
    """
    manifest = Path(source) / "manifest.csv"
    if manifest.is_file():
        return hashlib.sha256(manifest.read_bytes()).hexdigest()
    lines = (f"{photo.name}\t{photo.size}\n" for photo in photos)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def square(rgb: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Scale the short side of (H, W, 3) to ``size`` and cut out the center square."""
    if rgb.shape[:2] == (size, size):
        return rgb
    fitted = ImageOps.fit(Image.fromarray(rgb), (size, size), Image.Resampling.LANCZOS)
    return np.asarray(fitted)


def select(photos: Sequence[Photo], parity: str, limit: int) -> list[Photo]:
    """Choose photos by the number at the end of their file names.

    Parameters
    ----------
    photos : sequence of Photo
        See `training.photos.source.find_photos`.
    parity : {"even", "odd", "all"}
        Even-numbered photos are for choices and fits, odd ones for reported figures.
    limit : int
        Maximum number of photos; 0 takes all.

    Raises
    ------
    ValueError
        If the parity is not "all" and a name has no number, or no photo is left.
    """
    chosen = list(photos)
    if parity != "all":
        remainder = ("even", "odd").index(parity)
        chosen = [photo for photo in photos if _number(photo.name) % 2 == remainder]
    if not chosen:
        raise ValueError(
            f"none of the {len(photos)} photos has an {parity} number in its name"
        )
    return chosen[:limit] if limit else chosen


def _number(name: str) -> int:
    match = re.search(r"(\d+)$", Path(name).stem)
    if match is None:
        raise ValueError(
            f"{name} does not end with a number, which --parity even and odd need; "
            "use --parity all"
        )
    return int(match[1])
