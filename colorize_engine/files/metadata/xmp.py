"""XMP packets (ISO 16684-1): the source's entries are kept, the mark is added."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from colorize_engine.files.mark import Mark

# IPTC's code for a captured picture to which a trained model has added something. The
# milder "algorithmicallyEnhanced" is for edits that stay true to the scene, such as
# sharpening.
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META = "adobe:ns:meta/"
_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_HISTORY = "http://ns.adobe.com/xap/1.0/mm/"
_EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_PREFIXES = {
    "x": _META,
    "rdf": _RDF,
    "Iptc4xmpExt": _EXTENSION,
    "xmpMM": _HISTORY,
    "stEvt": _EVENT,
    "tiff": _TIFF,
    "dc": "http://purl.org/dc/elements/1.1/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# Registered once, here: the table is global, and files are written in threads.
for _prefix, _uri in _PREFIXES.items():
    ElementTree.register_namespace(_prefix, _uri)
# Entries that describe the old pixels, or hold a thumbnail of them.
_STALE = frozenset(
    f"{{{_PREFIXES[prefix]}}}{name}"
    for prefix, name in (
        ("tiff", "Orientation"),
        ("exif", "ColorSpace"),
        ("photoshop", "ColorMode"),
        ("photoshop", "ICCProfile"),
        ("xmp", "Thumbnails"),
        ("Iptc4xmpExt", "DigitalSourceType"),
    )
)

# How another program developed the raw file; it would develop the picture again.
_STALE_SPACE = f"{{{_PREFIXES['crs']}}}"

# All but the characters of XML 1.0 (section 2.2), and the line ends that it changes.
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BROKEN = "its XMP data are broken and were left out"


class Property(NamedTuple):
    """A property to add to a packet.

    Attributes
    ----------
    name : str
        With its usual prefix, as in ``"dc:title"``.
    form : {"", "Alt", "Bag", "Seq"}
        Text, text in one language of several, or a list without or with an order.
    values : tuple of str
    """

    name: str
    form: str
    values: tuple[str, ...]


def orientation(packet: bytes) -> int | None:
    """Return the orientation (1..8) in a packet, None if it has none."""
    found = re.search(rb"tiff:Orientation(?:=[\"']|>)\s*([1-8])\s*[\"'<]", packet)
    return int(found[1]) if found else None


def parameters(packet: bytes) -> str | None:
    """Return the parameters of the last event that has any, None if no event has.

    Other programs may write them as an attribute or under another prefix.
    """
    meta, _ = _parsed(packet)
    name = f"{{{_EVENT}}}parameters"
    found = [
        text
        for element in meta.iter()
        for text in (element.get(name), element.text if element.tag == name else None)
        if text is not None
    ]
    return found[-1] if found else None


def without_controls(text: str) -> str:
    """Return text with each character that XML cannot hold as a question mark."""
    return _NOT_XML.sub("?", text)


def marked(
    packet: bytes, mark: Mark | None, added: Iterable[Property] = ()
) -> tuple[bytes, list[str]]:
    """Return a packet with the mark and other properties added, and notes.

    The mark is a `DigitalSourceType` and an event in the history of the document.
    Properties that the packet has stay as they are. An old packet that is not
    well-formed is dropped.
    """
    added = tuple(added)
    if mark is None and not added:
        return packet, []
    meta, kept = _parsed(packet)
    notes = [] if kept else [_BROKEN]
    rdf = meta.find(f"{{{_RDF}}}RDF")
    if rdf is None:
        rdf = ElementTree.SubElement(meta, f"{{{_RDF}}}RDF")
    about = f"{{{_RDF}}}about"
    subject = next((d.get(about, "") for d in rdf if d.get(about)), "")
    _remove_stale(rdf)
    name = f"{{{_RDF}}}Description"
    description = ElementTree.SubElement(rdf, name, {about: subject})
    for one in added:
        _add(rdf, description, one)
    if mark is not None:
        _add_mark(rdf, description, mark)
    try:
        body = ElementTree.tostring(meta, encoding="utf-8", xml_declaration=False)
    except RecursionError:
        # The elements are nested thousands deep.
        packet, _ = marked(b"", mark, added)
        return packet, [_BROKEN]
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'.encode()
    return begin + body + b'\n<?xpacket end="w"?>', notes


def _remove_stale(rdf: ElementTree.Element) -> None:
    """Remove what describes the old pixels."""
    for description in rdf:
        for name in [name for name in description.attrib if _is_stale(name)]:
            del description.attrib[name]
        for child in [child for child in description if _is_stale(child.tag)]:
            description.remove(child)


def _is_stale(name: str) -> bool:
    return name in _STALE or name.startswith(_STALE_SPACE)


def _add_mark(
    rdf: ElementTree.Element, description: ElementTree.Element, mark: Mark
) -> None:
    description.set(f"{{{_EXTENSION}}}DigitalSourceType", SOURCE_TYPE)
    event = ElementTree.SubElement(_history(rdf, description), f"{{{_RDF}}}li")
    event.set(f"{{{_RDF}}}parseType", "Resource")
    for name, value in (
        ("action", "color_computed"),
        ("softwareAgent", mark.software),
        ("parameters", mark.parameters),
    ):
        element = ElementTree.SubElement(event, f"{{{_EVENT}}}{name}")
        element.text = without_controls(value)


def _add(
    rdf: ElementTree.Element, description: ElementTree.Element, added: Property
) -> None:
    """Add a property to a description, unless one of `rdf` has it."""
    prefix, _, local = added.name.partition(":")
    name = f"{{{_PREFIXES[prefix]}}}{local}"
    if any(d.get(name) is not None or d.find(name) is not None for d in rdf):
        return
    element = ElementTree.SubElement(description, name)
    values = [without_controls(value) for value in added.values]
    if added.form in ("", "Alt"):
        values = ["\n".join(values)]
    if not added.form:
        element.text = values[0]
        return
    items = ElementTree.SubElement(element, f"{{{_RDF}}}{added.form}")
    for value in values:
        item = ElementTree.SubElement(items, f"{{{_RDF}}}li")
        item.text = value
        if added.form == "Alt":
            item.set(_LANGUAGE, "x-default")


def _parsed(packet: bytes) -> tuple[ElementTree.Element, bool]:
    """Return a packet's x:xmpmeta element and whether the packet is kept.

    A packet that is empty or not XMP gives a new element; an empty one counts as kept.
    """
    root = None
    packet = packet.strip(b"\0 \t\r\n")
    # XMP needs no document type, and XML bombs are made of entities.
    if packet and not re.search(rb"<!DOCTYPE|<!ENTITY|\0", packet):
        try:
            root = ElementTree.fromstring(packet)  # noqa: S314
        except (ElementTree.ParseError, ValueError):
            root = None
    if root is None or root.tag not in (f"{{{_META}}}xmpmeta", f"{{{_RDF}}}RDF"):
        return ElementTree.Element(f"{{{_META}}}xmpmeta"), not packet
    if root.tag == f"{{{_RDF}}}RDF":
        meta = ElementTree.Element(f"{{{_META}}}xmpmeta")
        meta.append(root)
        return meta, True
    return root, True


def _history(
    rdf: ElementTree.Element, description: ElementTree.Element
) -> ElementTree.Element:
    """Return the sequence of events; add one to `description` if there is none."""
    name, sequence = f"{{{_HISTORY}}}History", f"{{{_RDF}}}Seq"
    found = rdf.find(f"*/{name}/{sequence}")
    if found is not None:
        return found
    return ElementTree.SubElement(ElementTree.SubElement(description, name), sequence)
