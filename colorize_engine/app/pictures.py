"""Pictures and files between the page and the photos that are open."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse

from colorize_engine.app.desk import Desk, TooMuch
from colorize_engine.batch import explained, one_line

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_PRIVATE = {"cache-control": "no-store"}
_WIDEST = 8192


def routes(desk: Desk) -> APIRouter:
    """Return the routes for pictures, uploads and downloads."""
    router = APIRouter()
    # Files that wait to be opened must not take the threads of the pictures.
    opening = asyncio.Lock()

    # Functions without async run in threads.
    @router.get("/photos/{key}/view")
    def view(
        key: str, width: int = 1024, box: str = "", gray: int = 0, draft: int = 0
    ) -> Response:
        photo = desk.editor.get(key)
        if photo is None:
            return _missing()
        try:
            wide = min(max(width, 1), _WIDEST)
            found = photo.view(wide, _box(box), gray=bool(gray), draft=bool(draft))
            desk.editor.use(photo)
        except Exception as error:
            return _told(error, photo.path)
        answer = _picture(found.pixels)
        answer.headers["x-box"] = ",".join(f"{share:.7f}" for share in found.box)
        return answer

    @router.get("/photos/{key}/thumbnail")
    def thumbnail(key: str) -> Response:
        photo = desk.editor.get(key)
        if photo is None:
            return _missing()
        try:
            return _picture(photo.thumbnail())
        except Exception as error:
            return _told(error, photo.path)

    @router.get("/photos/{key}/variants/{seed}/{number}")
    def variant(key: str, seed: int, number: int) -> Response:
        photo = desk.editor.get(key)
        if photo is None:
            return _missing()
        try:
            return _picture(photo.variant_thumbnail(seed, number))
        except Exception as error:
            return _told(error, photo.path)

    @router.post("/photos")
    async def upload(request: Request, name: str = "", photo: str = "") -> Response:
        """Take a file that the page sends."""
        path = desk.new_file(name)
        try:
            await _receive(request, path, desk.most_bytes)
            async with opening:
                answer = await run_in_threadpool(desk.take, path, photo)
        except Exception as error:
            desk.discard(path)
            reason = one_line(explained(error, path))
            status = 413 if isinstance(error, TooMuch) else 422
            return JSONResponse({"error": reason}, status)
        return JSONResponse(answer)

    @router.get("/downloads/{key}")
    def download(key: str) -> Response:
        path = desk.downloads.pop(key, None)
        if path is None:
            return _missing()
        after = BackgroundTasks()
        after.add_task(desk.discard, path)
        return FileResponse(
            path, filename=path.name, headers=_PRIVATE, background=after
        )

    return router


async def _receive(request: Request, path: Path, most: int) -> None:
    """Write the body of a request to a file.

    Raises
    ------
    TooMuch
        If it is larger than allowed.
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > most:
        raise TooMuch(most)
    got = 0
    with path.open("wb") as file:
        async for chunk in request.stream():
            got += len(chunk)
            if got > most:
                raise TooMuch(most)
            file.write(chunk)


def _box(text: str) -> tuple[float, float, float, float]:
    if not text:
        return 0, 0, 1, 1
    try:
        left, top, right, bottom = (float(share) for share in text.split(","))
    except ValueError:
        left = top = right = bottom = 0
    if not (left < right and top < bottom):
        raise ValueError(f"expected left, top, right, bottom, got {text[:80]!r}")
    return left, top, right, bottom


def _picture(pixels: NDArray[np.uint8]) -> Response:
    from PIL import Image

    stream, picture = io.BytesIO(), Image.fromarray(pixels)
    if pixels.shape[2] == 4:
        picture.save(stream, "png", compress_level=1)
        return Response(stream.getvalue(), media_type="image/png", headers=_PRIVATE)
    picture.save(stream, "jpeg", quality=92, subsampling=0)
    return Response(stream.getvalue(), media_type="image/jpeg", headers=_PRIVATE)


def _missing() -> Response:
    return Response("This photo is no longer open.", 404, media_type="text/plain")


def _told(error: Exception, path: Path) -> Response:
    reason = one_line(explained(error, path))
    return Response(reason, 422, media_type="text/plain", headers=_PRIVATE)
