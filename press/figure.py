"""Matplotlib's SVG made fit for a page and for a notebook."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

SVG = "image/svg+xml"
PNG = "image/png"
INK = "#1a2b3c"  # as in matplotlibrc

_NAMESPACES = {
    "": "http://www.w3.org/2000/svg",
    "xlink": "http://www.w3.org/1999/xlink",
}
_SVG, _XLINK = (f"{{{each}}}" for each in _NAMESPACES.values())
_REFERENCE = re.compile(r"(?<=url\(#)[^)]+|(?<=^#).+")
_COORDINATE = re.compile(r"\d+\.\d+")

for short, name in _NAMESPACES.items():
    ET.register_namespace(short, name)


def for_page(svg: str, alt: str, prefix: str) -> str:
    """``svg`` to be put into a page's HTML, in the colours of the page around it.

    Args:
        svg: A document as Matplotlib writes it.
        alt: What a reader would see; becomes the accessible name.
        prefix: Put before each id, which must be unique on a page with several figures.
    """
    root = _drawing(svg)
    values = [value for each in root.iter() for value in each.attrib.values()]
    used = {name for value in values for name in _REFERENCE.findall(value)}
    for each in root.iter():
        each.tag = each.tag.removeprefix(_SVG)
        each.text, each.tail = (each.text or "").strip() or None, None
        if each.get("id") not in used:
            each.attrib.pop("id", None)
        each.attrib = {
            key.removeprefix(_XLINK): _for_page(key, value, prefix)
            for key, value in each.items()
        }
    size = {
        side: str(round(float(root.attrib[side].removesuffix("pt")) * 4 / 3))
        for side in ("width", "height")
    }
    root.attrib = {
        "role": "img",
        "aria-label": alt,
        "fill": "currentColor",
        **size,
        "viewBox": root.attrib["viewBox"],
    }
    return ET.tostring(root, "unicode")


def _for_page(key: str, value: str, prefix: str) -> str:
    """The ``value`` of an attribute, as it is on a page."""
    if key in {"d", "x", "y"}:
        rounded = _COORDINATE.sub(lambda match: f"{float(match[0]):.1f}", value)
        return " ".join(rounded.split())
    if key == "id":
        return prefix + value
    value = _REFERENCE.sub(lambda match: prefix + match[0], value)
    return value.replace(INK, "currentColor").replace("#000000", "currentColor")


def for_notebook(svg: str, alt: str) -> str:
    """``svg`` in dark ink on white paper, whatever the notebook's colours are.

    Args:
        svg: A document as Matplotlib writes it.
        alt: What a reader would see; becomes the accessible name.
    """
    root = _drawing(svg)
    root.set("role", "img")
    title = ET.Element(f"{_SVG}title")
    title.text = alt
    paper = {"width": "100%", "height": "100%", "fill": "white"}
    root[:0] = [title, ET.Element(f"{_SVG}rect", paper)]
    return ET.tostring(root, "unicode").replace(INK, "#222222")


def _drawing(svg: str) -> ET.Element:
    """The root of ``svg`` without metadata, styles and comments."""
    root = ET.fromstring(svg)  # noqa: S314 - Matplotlib has just written it
    clutter = {f"{_SVG}metadata", f"{_SVG}style"}
    for parent in root.iter():
        parent[:] = [each for each in parent if each.tag not in clutter]
    return root
