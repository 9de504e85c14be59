"""Conversion of pictures with an ICC profile to sRGB-encoded gray.

The engine needs only the lightness of colors, so a picture in another color space
becomes gray. Colors outside sRGB thus keep their lightness; a conversion to sRGB would
clip them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from colorize_engine.color import TO_XYZ, encoded_from, full_scale, linear_from, strips

if TYPE_CHECKING:
    import numpy.typing as npt

    from colorize_engine.files.value_range import Values

    Floats = npt.NDArray[np.float32]

# Color space in the header of a profile (ICC.1, 7.2) and imagecodecs' name for it, by
# number of channels.
_SPACES = {1: (b"GRAY", "gray"), 3: (b"RGB ", "rgb"), 4: (b"CMYK", "cmyk")}
_LUMINANCE = TO_XYZ[1]
_COLORIMETRIC = 1
# Largest difference between channels that counts as gray; rounding in JPEG causes it.
_GRAY_SPREAD = 8 / 255


class ProfileError(ValueError):
    """A color profile that is broken or made for another kind of picture."""


def to_gray(values: Values, profile: bytes) -> Values | None:
    """Return sRGB-encoded gray with the L* that values have under an ICC profile.

    Parameters
    ----------
    values : (H, W), (H, W, 3) or (H, W, 4) ndarray of uint8, uint16 or float32
        Gray, RGB or CMYK (0 = no ink), in the full range of the type; floats 0..1.
    profile : bytes
        The ICC profile of `values`.

    Returns
    -------
    (H, W) ndarray of the same type, or None
        None if the profile is sRGB, or a gray profile with the curve of sRGB.

    Raises
    ------
    ProfileError
        If the profile is broken or of another color space.
    """
    channels = 1 if values.ndim == 2 else values.shape[2]
    signature, _ = _SPACES[channels]
    if profile[36:40] != b"acsp" or profile[16:20] != signature:
        raise ProfileError("the color profile is broken or of another color space")
    if channels == 1:
        return _gray_by_table(values, profile)
    if channels == 3 and _is_srgb(profile):
        return None
    tables = _luminance_tables(profile, values.dtype) if channels == 3 else None
    gray = np.empty(values.shape[:2], values.dtype)
    for rows in strips(gray.shape):
        if tables is None:
            luminance = _linear(values[rows], profile) @ _LUMINANCE
        else:
            red, green, blue = (tables[c][values[rows, :, c]] for c in range(3))
            luminance = red + green + blue
        gray[rows] = _rounded(_encoded(luminance), values.dtype)
    return cast("Values", gray)


def naive_rgb(cmyk: Values) -> Values:
    """Return RGB for CMYK without a profile, by simple multiplication."""
    top = full_scale(cmyk.dtype)
    rgb = np.empty((*cmyk.shape[:2], 3), cmyk.dtype)
    for rows in strips(rgb.shape[:2]):
        light = top - cmyk[rows].astype(np.float64)
        rgb[rows] = np.rint(light[..., :3] * light[..., 3:] / top)
    return rgb


def cmyk_has_color(cmyk: Values, profile: bytes) -> bool:
    """Return whether CMYK values are far from neutral under their profile."""
    return any(
        _spread(_encoded(_linear(cmyk[rows], profile))) > _GRAY_SPREAD
        for rows in strips(cmyk.shape[:2])
    )


def has_color(rgb: Values) -> bool:
    """Return whether any pixel's channels differ by more than rounding (8 of 255)."""
    limit = _GRAY_SPREAD * full_scale(rgb.dtype)
    return any(_spread(rgb[rows]) > limit for rows in strips(rgb.shape[:2]))


def is_gray(rgb: Values) -> bool:
    """Return whether the channels of every pixel are equal."""
    return all(
        np.array_equal(rgb[rows, :, 0], rgb[rows, :, channel])
        for rows in strips(rgb.shape[:2])
        for channel in (1, 2)
    )


@dataclass(frozen=True)
class ColorSpace:
    """A color space of curves and primaries, as headers describe it.

    Attributes
    ----------
    gray : bool
    white, primaries : tuple of float, or None
        x, y of the white point; x, y of red, green and blue. None: those of sRGB.
    gamma : float or None
        Exponent of decoding; None: the curve of sRGB.
    """

    gray: bool = False
    white: tuple[float, ...] | None = None
    primaries: tuple[float, ...] | None = None
    gamma: float | None = None


@lru_cache(maxsize=8)
def profile_of(space: ColorSpace) -> bytes:
    """Return an ICC profile of a color space, empty for sRGB."""
    import imagecodecs

    if space in (ColorSpace(), ColorSpace(gray=True)):
        return b""
    shares = np.linspace(0, 1, 4096)
    curve = linear_from(shares) if space.gamma is None else shares**space.gamma
    curves = [curve.astype(np.float32)]
    if space.gray:
        return bytes(imagecodecs.cms_profile("gray", transferfunction=curves))
    white = space.white or (0.3127, 0.3290)
    x_y = space.primaries or (0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
    profile: bytes = imagecodecs.cms_profile(
        "rgb",
        whitepoint=[*white, 1.0],
        primaries=[n for at in (0, 2, 4) for n in (*x_y[at : at + 2], 1.0)],
        transferfunction=curves * 3,
    )
    return profile


@cache
def srgb_profile() -> bytes:
    """Return an sRGB profile; the bytes are the same each time."""
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Bytes 24 to 35 hold the date, which would make the files of each run differ.
    date = np.array([2000, 1, 1, 0, 0, 0], ">u2").tobytes()
    return profile[:24] + date + profile[36:]


def _gray_by_table(values: Values, profile: bytes) -> Values | None:
    level = np.dtype(np.uint8 if values.dtype == np.uint8 else np.uint16)
    ramp = np.arange(full_scale(level) + 1).astype(level)
    curve = _encoded(_linear(ramp[np.newaxis], profile)[0] @ _LUMINANCE)
    identity = (ramp / full_scale(level)).astype(np.float32)
    if np.abs(curve - identity).max() < 0.5 / 255:
        return None
    if values.dtype == np.float32:
        return np.interp(values, identity, curve).astype(np.float32)
    return cast("Values", _rounded(curve, level).astype(level)[values])


def _luminance_tables(profile: bytes, dtype: np.dtype[Any]) -> Floats | None:
    """Return each channel's contribution to the luminance, (3, levels), or None.

    Contributions add up in all profiles of curves and a matrix, which nearly all RGB
    profiles are. Looking them up is ten times as fast as calling LittleCMS for each
    pixel. None means that they do not add up, or that `dtype` is a float type.
    """
    if dtype.kind == "f":
        return None
    levels = int(full_scale(dtype)) + 1
    ramps = np.zeros((3, levels, 3), dtype)
    for channel in range(3):
        ramps[channel, :, channel] = np.arange(levels)
    black, *_ = _linear(ramps[:1, :1], profile)[0] @ _LUMINANCE
    tables = (_linear(ramps, profile) @ _LUMINANCE - black * 2 / 3).astype(np.float32)
    mixed = np.random.default_rng(0).integers(0, levels, (1, 200, 3)).astype(dtype)
    added = sum(tables[c][mixed[0, :, c]] for c in range(3))
    off = np.abs(added - _linear(mixed, profile)[0] @ _LUMINANCE).max()
    return tables if off < 1e-4 else None


# Few entries: a profile can have megabytes, and each photo may have its own.
@lru_cache(maxsize=8)
def _is_srgb(profile: bytes) -> bool:
    """Return whether a profile equals sRGB to about 1 of 255."""
    levels = np.linspace(0, 255, 6).round().astype(np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(1, -1, 3)
    encoded = _encoded(_linear(colors, profile))
    return bool(np.abs(encoded * 255 - colors).max() < 1.5)


@cache
def _linear_srgb() -> bytes:
    import imagecodecs

    profile: bytes = imagecodecs.cms_profile(
        "rgb",
        whitepoint=[0.3127, 0.3290, 1.0],
        primaries=[0.64, 0.33, 0.2126, 0.30, 0.60, 0.7152, 0.15, 0.06, 0.0722],
        gamma=1.0,
    )
    return profile


def _linear(values: npt.NDArray[Any], profile: bytes) -> Floats:
    """Return device values as linear sRGB, (H, W, 3); outside the gamut beyond 0..1."""
    import imagecodecs

    channels = 1 if values.ndim == 2 else values.shape[2]
    try:
        linear: Floats = imagecodecs.cms_transform(
            np.ascontiguousarray(values),
            profile,
            _linear_srgb(),
            colorspace=_SPACES[channels][1],
            outcolorspace="rgb",
            outdtype=np.float32,
            intent=_COLORIMETRIC,
        )
    except (RuntimeError, ValueError, TypeError) as error:
        raise ProfileError("the color profile is broken") from error
    if not np.isfinite(linear).all():
        raise ProfileError("the color profile is broken")
    return linear


def _encoded(linear: Floats) -> Floats:
    """Return sRGB-encoded values, clipped to 0..1."""
    return encoded_from(np.clip(linear, 0, 1)).astype(np.float32)


def _rounded(share: Floats, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    return share if dtype.kind == "f" else np.rint(share * full_scale(dtype))


def _spread(colors: npt.NDArray[Any]) -> float:
    # Comparing channel by channel is many times as fast as along the last axis.
    first, second, third = (colors[..., channel] for channel in range(3))
    high = np.maximum(np.maximum(first, second), third)
    return float((high - np.minimum(np.minimum(first, second), third)).max())
