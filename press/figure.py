"""Matplotlib's SVG made fit for a page and for a notebook."""

from __future__ import annotations

import html
import re

SVG = "image/svg+xml"
PNG = "image/png"
INK = "#1a2b3c"  # as in matplotlibrc

_ROOT = re.compile(
    r'<svg [^>]*?width="([\d.]+)pt" height="([\d.]+)pt" (viewBox="[^"]*")[^>]*>'
)
_CLUTTER = re.compile(
    r"^.*?(?=<svg )|<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", re.DOTALL
)
_REFERENCE = re.compile(r'((?:href="|url\()#)([^")]+)')
_COORDINATES = re.compile(r' (?:d|x|y)="[^"]*"')


def for_page(svg: str, alt: str, prefix: str) -> str:
    """``svg`` to be put into a page's HTML, in the colours of the page around it.

    Args:
        svg: A document as Matplotlib writes it.
        alt: What a reader would see; becomes the accessible name.
        prefix: Put before each id, which must be unique on a page with several figures.
    """
    svg = _CLUTTER.sub("", svg)
    used = {reference[1] for reference in _REFERENCE.findall(svg)}
    svg = re.sub(
        r' id="([^"]+)"', lambda m: f' id="{prefix}{m[1]}"' if m[1] in used else "", svg
    )
    svg = _REFERENCE.sub(rf"\1{prefix}\2", svg)
    svg = _COORDINATES.sub(
        lambda m: re.sub(r"\d+\.\d+", lambda n: f"{float(n[0]):.1f}", m[0]), svg
    )
    svg = re.sub(r">\s+<", "><", svg).strip()
    svg = svg.replace(INK, "currentColor").replace("#000000", "currentColor")

    def root(match: re.Match[str]) -> str:
        width, height = (round(float(points) * 4 / 3) for points in match.groups()[:2])
        name = html.escape(alt)
        return (
            f'<svg role="img" aria-label="{name}" fill="currentColor" '
            f'width="{width}" height="{height}" {match[3]}>'
        )

    return _ROOT.sub(root, svg, count=1)


def for_notebook(svg: str, alt: str) -> str:
    """``svg`` in dark ink on white paper, whatever the notebook's colours are.

    Args:
        svg: A document as Matplotlib writes it.
        alt: What a reader would see; becomes the accessible name.
    """
    svg = _CLUTTER.sub("", svg)
    name = f'<title>{html.escape(alt)}</title><rect width="100%" height="100%" fill="white"/>'
    svg = _ROOT.sub(lambda match: match[0] + name, svg, count=1)
    return svg.replace("<svg ", '<svg role="img" ', 1).replace(INK, "#222222")
