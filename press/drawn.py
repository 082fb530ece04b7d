"""What a figure shows, as text: to be read in a record and compared with it.

A record is a list of entries: the figure, each axes, and each thing drawn there, in the
order in which it is drawn. Places are shares of the axes, so that 1e-3 is a thousandth
of an axis wherever a thing stands. Of an entry's values, floats are compared with that
tolerance, all others (texts, colours, markers, counts) exactly.

What may differ between processors is not noted: of the corners of contours and surfaces,
whose count and order may, the distribution is. A figure whose fence says ``loose="…"``
shows what thousands of steps of training have made; of its texts a percentage is not
noted, nor are ticks that Matplotlib chose. ``loose="rough"`` is for rounding errors: a mark may
differ by twice what the marks beside it lie apart from one another.
"""

from __future__ import annotations

import json
import re
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import Collection, PathCollection
from matplotlib.colors import to_hex, to_rgba_array
from matplotlib.contour import ContourSet
from matplotlib.image import AxesImage
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FixedLocator, NullLocator
from numpy import ndarray

from press import book

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform
    from numpy.typing import ArrayLike

type Entry = dict[str, Any]
type Record = list[Entry]

RECORDS = book.ROOT / "tests" / "figures"
TOLERANCE = 1e-3
PARTS = 24  # into which many places, or an image's rows, are cut; their means are noted
SPANS = {"limits", "levels"}  # compared in shares of what they span
LOOKS = {
    Line2D: "color linestyle linewidth drawstyle",
    Collection: "linewidth linestyle",
    Patch: "edgecolor facecolor linestyle linewidth hatch",
    AxesImage: "interpolation",
    Text: "color fontsize",
    Legend: "",
}
MARKER = "marker markersize markerfacecolor markeredgecolor markeredgewidth"
_PERCENTAGE = re.compile(r"\d+(?:\.\d+)?%")


def record(figure: Figure, *, loose: bool = False) -> Record:
    """The entries of a ``figure`` that has been drawn; ``loose`` as its fence is."""
    entries: Record = [{"figure": [f"{each:g}" for each in figure.get_size_inches()]}]
    for thing in [*figure.texts, *figure.legends]:
        entries.append(_thing(thing, figure.transFigure))
    for axes in figure.axes:
        entries.append(_axes(axes, loose=loose))
        legend = axes.get_legend()
        own = [*axes.collections, *axes.images, *axes.lines, *axes.patches, *axes.texts]
        things = [each for each in axes.get_children() if each in own or each is legend]
        for thing in sorted(things, key=lambda each: each.get_zorder()):
            if thing.get_visible():
                entries.append(_thing(thing, axes.transAxes))
    if loose:
        text = _PERCENTAGE.sub("…%", json.dumps(entries, ensure_ascii=False))
        entries = json.loads(text)
    return entries


def compare(recorded: Record, figure: Figure, loose: str | None) -> str:
    """Where ``figure``, whose fence is ``loose``, differs from what is ``recorded``."""
    if loose == "rough":
        return difference(recorded, record(figure), TOLERANCE, rough=True)
    shown = record(figure, loose=loose is not None)
    return difference(recorded, shown, float(loose) if loose else TOLERANCE)


def difference(
    recorded: Record, drawn: Record, tolerance: float, *, rough: bool = False
) -> str:
    """Where ``drawn`` first differs from ``recorded``, and how; empty if nowhere."""
    axes = 0
    nothing: Entry = {"nothing": ""}
    for old, new in zip_longest(recorded, drawn, fillvalue=nothing):
        axes += "axes" in old
        if next(iter(old)) != next(iter(new)):
            return f"Axes {axes}: it shows {_name(new)}, recorded is {_name(old)}"
        if rough and old.get("linestyle") == new.get("linestyle") == "None":
            new = new | {"y": _near(old["y"], new["y"])}  # noqa: PLW2901
        for place, before, now in _differences(old, new, tolerance):
            of = f"Axes {axes}, {_name(old)}: {place}"
            return f"{of} is {now!r}, recorded is {before!r}"
    return ""


def _near(old: list[float], new: list[float]) -> list[float]:
    """``new``, with ``old`` in the places where it is as near as ``old`` is smooth."""
    if len(old) != len(new):
        return new
    bends = np.abs(np.convolve(np.pad(old, 1, "edge"), [-0.5, 1, -0.5], "valid"))
    near = [max(bends[max(0, n - 2) : n + 3]) for n in range(len(old))]
    pairs = zip(old, new, near, strict=True)
    return [a if abs(a - b) <= 2 * bend else b for a, b, bend in pairs]


def _name(entry: Entry) -> str:
    kind, name = next(iter(entry.items()))
    return f"{kind} {name!r}" if isinstance(name, str) and name else kind


def complaint(page: Path, line: int, figure: Figure, *, renew: bool) -> str | None:
    """In what ``figure``, of the fence at ``line`` of ``page``, is not as recorded.

    Or, to ``renew`` it, write its record.
    """
    fences = [
        each
        for each in book.fences(page.read_text("utf-8"))
        if each.language == "python" and "plt.show()" in each.code
    ]
    number = [each.line for each in fences].index(line)
    loose = fences[number].attributes.get("loose")
    records = load(page)
    if renew:
        shown = record(figure, loose=loose not in {None, "rough"})
        save(page, [*records[:number], shown, *records[number + 1 : len(fences)]])
        return None
    here = f"{page.relative_to(book.ROOT)}:{line}"
    if number >= len(records):
        return f"{here}: this figure has no record yet; `make figures` writes it."
    found = compare(records[number], figure, loose)
    return found and (
        f"{here}: figure {number + 1} of the page does not show what is recorded. "
        f"{found}. If it is right, renew the record by `make figures` and read its diff."
    )


def load(page: Path) -> list[Record]:
    """The records of the figures of ``page``, in order."""
    file = RECORDS / f"{page.stem}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else []


def save(page: Path, records: list[Record]) -> None:
    """Write the ``records`` of ``page``, an entry a line."""
    texts = [
        ",\n".join(json.dumps(each, ensure_ascii=False) for each in entries)
        for entries in records
    ]
    RECORDS.mkdir(exist_ok=True)
    text = "[[\n" + "\n],\n[\n".join(texts) + "\n]]\n"
    (RECORDS / f"{page.stem}.json").write_text(text, "utf-8")


def _differences(
    old: object, new: object, tolerance: float, place: str = ""
) -> Iterator[tuple[str, object, object]]:
    """Place and both values of each difference."""
    match old, new:
        case float(), float() if abs(old - new) <= tolerance:
            return
        case dict(), dict():
            for key in old | new:
                one, other = old.get(key), new.get(key)
                span = (max(one) - min(one)) or 1.0 if one and key in SPANS else 1.0
                inside = f"{place} {key}".strip()
                yield from _differences(one, other, tolerance * span, inside)
        case list(), list() if len(old) == len(new):
            for index, (one, other) in enumerate(zip(old, new, strict=True)):
                yield from _differences(one, other, tolerance, f"{place}[{index}]")
        case _ if type(old) is not type(new) or old != new:
            yield place, old, new


def _axes(axes: Axes, *, loose: bool) -> Entry:
    entry: Entry = {
        "axes": axes.get_title(),
        "place": _numbers(axes.get_position().bounds),
        "aspect": str(axes.get_aspect()),
    }
    if axes.get_title():
        entry["title"] = _thing(axes.title, axes.transAxes)["box"]
    solid = axes.name == "3d"
    if solid:
        entry["view"] = _numbers(getattr(axes, each) for each in ("elev", "azim"))
    for name in "xyz":
        axis = getattr(axes, f"{name}axis", None)
        if axis and (axes.axison or solid):
            entry[name] = _axis(axis, loose=loose)
    return entry


def _axis(axis: Axis, *, loose: bool) -> Entry:
    scale = axis.get_transform().transform
    low, high = limits = scale(axis.get_view_interval())
    entry: Entry = {
        "label": axis.get_label_text(),
        "scale": axis.get_scale(),
        "limits": _numbers(limits),
        "grid": any(each.get_visible() for each in axis.get_gridlines()),
        "minor": not isinstance(axis.get_minor_locator(), NullLocator),
    }
    if axis.get_label_text():
        entry["place"] = _thing(axis.label, axis.axes.transAxes)["box"]
    if loose and not isinstance(axis.get_major_locator(), FixedLocator):
        return entry
    entry |= {"ticks": [], "at": []}
    for tick in axis.get_major_ticks():
        share = (scale(tick.get_loc()) - low) / (high - low)
        if -TOLERANCE < share < 1 + TOLERANCE:
            labels = [each for each in (tick.label1, tick.label2) if each.get_visible()]
            entry["ticks"].append(" ".join(each.get_text() for each in labels))
            entry["at"] += _numbers([share])
    return entry


def _thing(artist: Artist, frame: Transform) -> Entry:
    """What ``artist`` is, how it looks and where in ``frame`` it stands."""
    look = _look(artist)

    def inside(xy: ndarray) -> ndarray:
        # What lies outside cannot be seen, however far it is.
        return frame.inverted().transform(xy).clip(-9, 10)

    match artist:
        case Line2D():
            xy = artist.get_transform().transform(artist.get_xydata())
            look |= _in_order(inside(xy))
        case PathCollection():
            xy = artist.get_offset_transform().transform(
                np.asarray(artist.get_offsets())
            )
            look |= {"count": len(xy)} | _in_any_order(inside(xy))
        case Collection():
            corners = [np.asarray(each.vertices) for each in artist.get_paths()]
            xy = np.concatenate([np.empty((0, 2)), *corners])
            xy = artist.get_transform().transform(xy)
            look |= _in_any_order(inside(xy))
        case Patch():
            path = artist.get_transform().transform_path(artist.get_path())
            look |= _in_order(inside(np.asarray(path.vertices)))
        case AxesImage():
            extent = np.reshape(artist.get_extent(), (2, 2)).T
            look |= _in_order(inside(artist.axes.transData.transform(extent)))
        case Text() | Legend():
            box = artist.get_window_extent()
            look["box"] = _numbers(np.ravel(inside(box.get_points())))
    if isinstance(artist, Text) and (patch := artist.get_bbox_patch()):
        look["frame"] = _thing(patch, frame)
    if isinstance(artist, Annotation) and artist.arrow_patch:
        look["arrow"] = _thing(artist.arrow_patch, frame)
    return look


def _look(artist: Artist) -> Entry:
    """What ``artist`` is and how it looks, without its place."""
    kind = next(each for each in LOOKS if isinstance(artist, each))
    name = artist.get_text() if isinstance(artist, Text) else str(artist.get_label())
    look: Entry = {kind.__name__: "" if name.startswith("_") else name}
    traits = LOOKS[kind].split()
    match artist:
        case Line2D() if artist.get_marker() != "None":
            traits += MARKER.split()
        case Legend():
            look["texts"] = [each.get_text() for each in artist.get_texts()]
            look["title"] = artist.get_title().get_text()
            look["handles"] = [_look(each) for each in artist.legend_handles if each]
        case PathCollection():
            shapes = [np.ravel(each.vertices) for each in artist.get_paths()]
            look["shapes"] = [_numbers(each) for each in shapes]
            look["sizes"] = _numbers(artist.get_sizes())
        case AxesImage():
            look["origin"] = artist.origin
        case ContourSet():
            look["levels"] = _numbers(artist.levels)
    if isinstance(artist, Collection | AxesImage):
        values = artist.get_array()
        if values is not None and values.size > PARTS:
            look |= _shades(artist, values)
        else:
            traits += ["edgecolor", "facecolor"]
    for trait in traits:
        value = getattr(artist, f"get_{trait}")()
        if "color" in trait:
            look[trait] = _colours(value, artist.get_alpha())
        else:
            look[trait] = _words(
                value if isinstance(value, list | ndarray) else [value]
            )
    return look


def _shades(artist: Collection | AxesImage, values: ndarray) -> Entry:
    """What ``artist`` shows in colours: ``values``, and the map that colours them."""
    shades = np.atleast_2d(np.asarray(artist.norm(values)))
    colours = artist.get_cmap()(np.linspace(0, 1, 6))
    return {
        "limits": _numbers(artist.get_clim()),
        "cmap": _colours(colours, artist.get_alpha()),
        "values": [_numbers(row) for row in _means(_means(shades).T).T],
    }


def _colours(colours: ArrayLike, alpha: float | None) -> str:
    found = to_rgba_array(colours, alpha)
    return _words(to_hex(each, keep_alpha=True).removesuffix("ff") for each in found)


def _words(values: Iterable[object]) -> str:
    """Each of ``values``, equal neighbours once."""
    words = (
        each if isinstance(each, str) else json.dumps(each, default=float)
        for each in values
    )
    return " ".join(word for word, _ in groupby(words))


def _in_order(xy: ndarray) -> Entry:
    """How many places there are, and the mean of each part of them."""
    xy = xy[np.isfinite(xy).all(axis=1)]
    x, y = _means(xy).T
    return {"count": len(xy), "x": _numbers(x), "y": _numbers(y)}


def _in_any_order(xy: ndarray) -> Entry:
    """The eighths of x and of y, and the mean of x times y."""
    if not len(xy):
        return {"x": [], "y": [], "xy": []}
    x, y = np.quantile(xy, np.linspace(0, 1, 9), axis=0).T
    product = [xy.prod(axis=1).mean()]
    return {"x": _numbers(x), "y": _numbers(y), "xy": _numbers(product)}


def _means(rows: ndarray) -> ndarray:
    """The mean of each of ``PARTS`` parts of ``rows``; fewer rows as they are."""
    if len(rows) <= PARTS:
        return rows
    starts = np.arange(PARTS) * len(rows) // PARTS
    lengths = np.diff([*starts, len(rows)])
    return np.add.reduceat(rows, starts) / lengths[:, None]


def _numbers(values: Iterable[float]) -> list[float]:
    """Floats with the digits that a comparison to a thousandth needs."""
    return [
        float(f"{each:.6g}") if abs(each) > 1 else round(float(each), 4)
        for each in values
    ]
