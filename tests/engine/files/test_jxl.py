"""JPEG XL: pixels of every depth, colors, metadata in boxes, what a header says."""

from __future__ import annotations

import base64
import io
import struct
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from colorize_engine import files
from colorize_engine.color import linear_from
from colorize_engine.files.stills import boxes, jxl_header

if TYPE_CHECKING:
    from pathlib import Path

# A ramp of 24 x 16 pixels by cjxl 0.7: with a profile of Adobe RGB, lossy and without
# loss; in Display P3; on its side; followed by another picture; with the curve PQ.
# fmt: off
PROFILE_LOSSY = (
    '{|W;^3U3Vq66OI=O)=(Ti|V{?Y0$?PdlNM*w1^|L1ev=&!tN)7E*6H<Mnc#*!gdac(b^R<8jY5&!'
    'RrVEkae_mMu4BVubLUl?6AW+fC2v(mR9`A#ZcFYMV6I36ao~jO=YFiOm%r@{Uz5cH;`o=-'
    'vCEnVRL0uPf_Wx0BdK<08M2}OIdTMy;iPoRHtcNLj}02xBvb-Pk9>e1llj8|NgsgsQ>=kuL#a^p}'
    '@zvoJH_y32w@Vm_%5}gZjFG&^Dl;=kqgf<z;?kX8wBbD5`ABmlL3)UO~zoQagm!I(%F-VJ-'
    '&%5{Lo->;YZn5&!@dDx-`WyqxR#@<WHkw2kWwZMAJ-NutO&Hc2ONND}FF=OmQldB@+IGha0!q|VF'
    'YCxu+M_K&aQE^}l&Hx)4eKqZNUL~O|J-'
    'zjsjD5~h`+aF%<bFXAPCYpjH0D!LRRHHJ@HX!>SAMBeo7&PNMDCEd&0R'
)
DISPLAY_P3 = (
    '{|W;^KqeOg2m%2BQ~^sUv2igE*N2>?prD|j<N!pB3sps#F=Naa2LcV8kanCK0l)x400DqRXR`r-'
    '$VUGk`2P8F=>LDg>1Q`9b1WMT&y1GVojKswPYaR*jcD?XNMZp'
)
TURNED = (
    '0000CN?1%F4GM<}0000KW^{RQYItlQ00000YItlQ0001MYItm8{|W;w5Kvqa2m%2BQ~^sUv2igE*'
    'N2>?prD|j<N!pB3sps#F=Naa2LcV8kanCK0l)x400DqRXR`r-'
    '$VUGk`2P8F=>LDg>1Q`9b1WMT&y1GVojKswPYaR*jcD?XNMZp'
)
FILM = (
    '{|W;I0|+QC2?zp`2><{<081E)6@XRse}M=94CO4G2nYg_1pq_<OBjn4fF0`p0ucZhkV-hg0R'
)
PQ = (
    '{|W;I5RgZYI2-'
    '@~0006A0s#P20ZS;caWN0qhn%ILprD}S07Q%nRYjRGW6T%_0u7vycAOglzyLx30f0njvjKp}M*ko'
    '9{`qp~|9`>hXE!TzEE^5ajF#4&IpEh%3z7qkX!4CnVgU'
)
PROFILE = (
    '{|W;^2yYDo66OI=O)=(Ti|V{?Y0$?PdlNM*w1^|L1ev=&!tN)7E*6H<Mnc#*!gdac(b^R<8jY5&!'
    'RrVEkae_mMu4BVubLUl?6AW+fC2v(mR9`A#ZcFYMV6I36ao~jO=YFiOm%r@{Uz5cH;`o=-'
    'vCEnVRL0uPf_Wx0BdK<08M2}OIdTMy;iPoRHtcNLj}02xBvb-Pk9>e1llj8|NgsgsQ>=kuL#a^p}'
    '@zvoJH_y32w@Vm_%5}gZjFG&^Dl;=kqgf<z;?kX8wBbD5`ABmlL3)UO~zoQagm!I(%F-VJ-'
    '&<0s#P20ZS;caWN0qhn%ILprD}S07Q%nRYjRGW6T%_0u7vycAOglzyLx30f0njvjKp}M*ko9{`qp'
    '~|9`>hXE!TzEE^5ajF#4&IpEh%3z7qkX!4CnVgU'
)
# fmt: on
Y, X = np.mgrid[:16, :24]
RAMP = np.dstack([X * 10, Y * 15, 120 + 0 * X]).astype(np.uint8)
MARK = files.Mark("napari-colorize 1.2", "default 3", {"temperature": 0.38})
PACKET = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def picture(dtype: str, channels: int = 3, shape: tuple[int, int] = (20, 30)) -> Any:
    values = np.random.default_rng(3).random((*shape, channels)[: 2 + (channels > 1)])
    top = {"u1": 255, "u2": 65535, "f4": 1}[dtype]
    return (values * top).astype(dtype)


def sample(path: Path, text: str) -> Path:
    path.write_bytes(base64.b85decode(text))
    return path


def only(path: Path) -> files.Picture:
    (found,) = files.read(path)
    return found


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("alpha", [False, True])
def test_what_is_written_is_read_to_the_bit(
    tmp_path: Path, dtype: str, alpha: bool
) -> None:
    image = picture(dtype)
    path = tmp_path / "x.jxl"
    opacity = picture(dtype, 1) if alpha else None
    assert files.write(path, [files.Picture(image, opacity)], MARK) == ()
    found = only(path)
    assert files.measure(path) == (30, 20, 1)
    assert found.image.dtype == image.dtype
    np.testing.assert_array_equal(found.image, image)
    if alpha:
        np.testing.assert_array_equal(found.alpha, opacity)
    assert found.notes == ()
    assert files.stored_parameters(path) == MARK.parameters
    assert files.is_current(path, MARK)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_a_quality_makes_it_smaller_and_keeps_its_light(
    tmp_path: Path, dtype: str
) -> None:
    ramp = np.linspace(0, 1, 200)[None, :, None] * np.ones((150, 1, 3))
    ramp[..., 1] *= 0.7
    ramp = np.clip(ramp + np.random.default_rng(2).normal(0, 0.01, ramp.shape), 0, 1)
    top = {"u1": 255, "u2": 65535, "f4": 1}[dtype]
    image = (ramp * top).astype(dtype)
    sizes = []
    for quality in (None, 90, 30):
        path = tmp_path / f"{quality}.jxl"
        files.write(path, [files.Picture(image)], MARK, quality)
        found = only(path)
        assert found.image.dtype == image.dtype
        error = np.abs(found.image.astype(float) - image).mean() / top
        assert error <= (0 if quality is None else 0.02)
        sizes.append(path.stat().st_size)
    assert sizes[0] > sizes[1] > sizes[2]
    files.write(tmp_path / "100.jxl", [files.Picture(image)], MARK, 100)
    np.testing.assert_array_equal(only(tmp_path / "100.jxl").image, image)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("quality", [None, 80])
def test_the_file_says_that_it_is_srgb(
    tmp_path: Path, dtype: str, quality: int | None
) -> None:
    path = tmp_path / "x.jxl"
    files.write(path, [files.Picture(picture(dtype))], MARK, quality)
    (codestream,) = [
        data for kind, data in boxes.split(path.read_bytes()) if kind == b"jxlc"
    ]
    colors = jxl_header.parse(codestream).colors
    assert colors.space == type(colors.space)()
    assert colors.curve == ""


@pytest.mark.parametrize("bits", [9, 10, 12, 14])
def test_other_depths_span_the_full_range(tmp_path: Path, bits: int) -> None:
    values = np.linspace(0, 2**bits - 1, 600).round().astype(np.uint16)
    encoded = imagecodecs.jpegxl_encode(
        linear(values.reshape(20, 30), bits), lossless=True, bitspersample=bits
    )
    (tmp_path / "x.jxl").write_bytes(encoded)
    image = only(tmp_path / "x.jxl").image
    assert image.dtype == np.uint16
    assert (image.min(), image.max()) == (0, 65535)
    # imagecodecs calls what has more than 8 bits linear.
    expected = values.reshape(20, 30) * (65535 / (2**bits - 1))
    bright = expected > 20_000
    assert np.abs(image - expected)[bright].max() < 65535 * 4 / 2**bits


def linear(values: np.ndarray, bits: int) -> np.ndarray:
    top = 2**bits - 1
    return np.rint(top * linear_from(values / top)).astype(np.uint16)


def gray_of(rgb: np.ndarray, profile: bytes) -> np.ndarray:
    """Return the gray that a PNG with the same pixels and profile becomes."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG", icc_profile=profile)
    return buffer.getvalue()


ADOBE = {"primaries": [0.64, 0.33, 1, 0.21, 0.71, 1, 0.15, 0.06, 1], "gamma": 2.2}
P3 = {
    "primaries": [0.68, 0.32, 1, 0.265, 0.69, 1, 0.15, 0.06, 1],
    "transferfunction": [linear_from(np.linspace(0, 1, 4096)).astype("f4")] * 3,
}


@pytest.mark.parametrize(
    ("text", "about", "limit"), [(PROFILE_LOSSY, ADOBE, 4), (DISPLAY_P3, P3, 1.01)]
)
def test_colors_of_other_spaces_keep_their_lightness(
    tmp_path: Path, text: str, about: dict[str, Any], limit: float
) -> None:
    profile = imagecodecs.cms_profile("rgb", whitepoint=[0.3127, 0.329, 1], **about)
    (tmp_path / "x.png").write_bytes(gray_of(RAMP, profile))
    expected = only(tmp_path / "x.png").image.astype(float)
    found = only(sample(tmp_path / "x.jxl", text))
    assert found.has_color
    assert found.notes == ()
    image = found.image.astype(float)
    image /= 1 if found.image.dtype == np.uint8 else 257
    assert np.abs(image - expected).mean() < limit / 2
    assert np.percentile(np.abs(image - expected), 95) < 2 * limit


def test_a_profile_or_curve_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    found = only(sample(tmp_path / "x.jxl", PROFILE))
    assert found.notes == ("its color profile cannot be read; it was taken for sRGB",)
    np.testing.assert_array_equal(found.image, RAMP)
    (note,) = only(sample(tmp_path / "y.jxl", PQ)).notes
    assert "PQ" in note


def test_it_is_turned_as_its_header_says(tmp_path: Path) -> None:
    path = sample(tmp_path / "x.jxl", TURNED)
    assert files.measure(path) == (24, 16, 1)
    np.testing.assert_array_equal(only(path).image, np.rot90(RAMP, -1))


def test_of_an_animation_the_first_frame_with_a_note(tmp_path: Path) -> None:
    found = only(sample(tmp_path / "x.jxl", FILM))
    assert (found.image == 10).all()
    assert found.notes == ("animated: only the first frame is colored",)


def test_a_jpeg_in_it_is_read_as_the_jpeg(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Kodak", 6
    profile = imagecodecs.cms_profile("rgb", whitepoint=[0.3127, 0.329, 1], **ADOBE)
    about = {"exif": exif, "icc_profile": profile, "comment": "am Hafen"}
    Image.fromarray(RAMP).save(tmp_path / "x.jpg", quality=95, **about)
    packed = imagecodecs.jpegxl_encode_jpeg((tmp_path / "x.jpg").read_bytes())
    (tmp_path / "x.jxl").write_bytes(packed)
    found, expected = only(tmp_path / "x.jxl"), only(tmp_path / "x.jpg")
    np.testing.assert_array_equal(found.image, expected.image)
    assert found.notes == ()
    assert found.metadata.comment == "am Hafen"
    assert found.metadata.exif == expected.metadata.exif


@pytest.mark.parametrize("compressed", [False, True])
def test_metadata_in_boxes_are_kept(tmp_path: Path, compressed: bool) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x011A], exif[0x011B] = "Kodak", 6, 300.0, 300.0
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    parts = [(b"Exif", struct.pack(">I", 2) + b"??" + block), (b"xml ", PACKET)]
    if compressed:
        parts = [
            (b"brob", kind + bytes(imagecodecs.brotli_encode(content)))
            for kind, content in parts
        ]
    stream = bytes(imagecodecs.jpegxl_encode(RAMP, lossless=True))
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + boxes.box(b"ftyp", b"jxl \0\0\0\0jxl ")
    halves = [struct.pack(">I", 0) + stream[:50], b"\x80\0\0\1" + stream[50:]]
    parts[1:1] = [(b"jxlp", half) for half in halves]
    body = b"".join(boxes.box(*part) for part in parts)
    (tmp_path / "x.jxl").write_bytes(head + body)
    found = only(tmp_path / "x.jxl")
    # The codestream says how it lies, and not its EXIF data.
    np.testing.assert_array_equal(found.image, RAMP)
    assert found.notes == ()
    assert found.metadata.xmp == PACKET
    assert found.metadata.dpi == (300, 300)
    assert found.metadata.exif.main[0x010F].data == b"Kodak\0"
    files.write(tmp_path / "y.jxl", [found], MARK)
    again = only(tmp_path / "y.jxl")
    assert again.metadata.exif.main[0x010F].data == b"Kodak\0"
    assert again.metadata.dpi == (300, 300)


def test_metadata_that_are_a_bomb_are_left_out(tmp_path: Path) -> None:
    packed = b"xml " + bytes(imagecodecs.brotli_encode(bytes(1 << 25)))
    files.write(tmp_path / "x.jxl", [files.Picture(RAMP)])
    data = (tmp_path / "x.jxl").read_bytes()
    (tmp_path / "x.jxl").write_bytes(data + boxes.box(b"brob", packed))
    (note,) = only(tmp_path / "x.jxl").notes
    assert "metadata" in note


def test_a_damaged_or_huge_one_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "x.jxl"
    files.write(path, [files.Picture(picture("u1", shape=(200, 300)))])
    with pytest.raises(files.TooLarge):
        files.read(path, max_pixels=59_999)
    whole = path.read_bytes()
    for share in (0.001, 0.3, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(files.FileError, match=r"damaged|no picture"):
            files.read(path)


SHAPES = [(8, 8), (16, 24), (300, 200), (100, 1000), (5000, 5), (90, 160), (3, 2)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_headers_say_what_libjxl_wrote(
    shape: tuple[int, int], channels: int, dtype: str
) -> None:
    array = picture(dtype, channels, shape)
    for options in ({"lossless": True, "effort": 2}, {"distance": 2.0, "effort": 2}):
        file = bytes(imagecodecs.jpegxl_encode(array, **options))
        parts = [data for kind, data in boxes.split(file) if kind == b"jxlc"]
        header = jxl_header.parse(parts[0] if parts else file)
        assert (header.height, header.width) == shape
        assert header.bits == 8 * array.itemsize
        assert bool(header.alpha) == (channels in (2, 4))
        assert header.colors.space.gray == (channels < 3)
        assert header.is_xyb == ("distance" in options)
        assert (header.colors.space.gamma == 1) == (dtype != "u1")
