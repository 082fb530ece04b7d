"""Pictures on white paper: for notebooks, the overview, and links shown elsewhere."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

from PIL import Image

PREVIEW = (1200, 630)  # what sites that show a link expect
THUMBNAIL = (480, 252)

_PAPER = (255, 255, 255)
_MARGIN = 0.04


@lru_cache(64)
def card(figure: bytes, size: tuple[int, int]) -> bytes:
    """The PNG ``figure`` on white paper of the given ``size``, in 64 colours."""
    paper = Image.new("RGB", size, _PAPER)
    width, height = (round(side * (1 - 2 * _MARGIN)) for side in size)
    with Image.open(BytesIO(figure)) as drawn:
        scale = min(width / drawn.width, height / drawn.height)
        fitted = drawn.convert("RGBA").resize(
            (round(drawn.width * scale), round(drawn.height * scale)),
            Image.Resampling.LANCZOS,
        )
    corner = (size[0] - fitted.width) // 2, (size[1] - fitted.height) // 2
    paper.paste(fitted, corner, fitted)
    return _written(paper)


@lru_cache(64)
def on_paper(figure: bytes) -> bytes:
    """The PNG ``figure`` on white paper of its own size, in 64 colours."""
    with Image.open(BytesIO(figure)) as drawn:
        paper = Image.new("RGB", drawn.size, _PAPER)
        paper.paste(drawn, (0, 0), drawn.convert("RGBA"))
    return _written(paper)


def _written(paper: Image.Image) -> bytes:
    kept = BytesIO()
    paper.quantize(64).save(kept, "PNG", optimize=True)
    return kept.getvalue()
