"""One file from one address: resumed where it broke off, checked, and renamed into place only when
it is whole.
"""

import http.client
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO, NamedTuple

from tfmlp import files
from tfmlp.data.raw import Progress
from tfmlp.errors import DataError

ATTEMPTS = 4
_TIMEOUT = 30  # seconds: to connect, and between two pieces
_PIECE = 1 << 18  # bytes
_SLOWEST = 1024  # bytes a second


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows a redirection to http and https only, and never from https to http."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        scheme = urllib.parse.urlsplit(newurl).scheme
        if scheme not in ("http", "https") or (req.type == "https" and scheme == "http"):
            raise urllib.error.URLError(f"the server points to {scheme}:, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_SameScheme)


class Remote(NamedTuple):
    """A file somewhere else: its address, its size in bytes and its sha256."""

    url: str
    size: int
    sha256: str


def download(
    remote: Remote, path: Path, progress: Progress | None = None, *, pause: float = 1.0
) -> Path:
    """Downloads a file to `path`, unless it is there.

    What has arrived stands beside it as `NAME.part` until it is whole, has the right size and the
    right sha256. A broken connection is tried again from where it broke, at once and in a later
    call.

    Args:
      remote: What to download.
      path: Where to put it. Its folder is made if needed.
      progress: Called with ("downloading NAME", bytes so far, bytes in all).
      pause: Seconds to wait before the second attempt; doubled for each further one.

    Returns:
      `path`.

    Raises:
      DataError: when the whole file cannot be had.
    """
    if path.is_file():
        return path
    part = path.with_name(path.name + ".part")
    try:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(pause * 2 ** (attempt - 1))
            resumed = _size(part) > 0
            failure = _fetch_rest(remote, part, progress)
            if failure is not None:
                continue
            if (digest := files.sha256_of(part)) == remote.sha256:
                os.replace(part, path)
                return path
            part.unlink()
            if not resumed:
                raise DataError(
                    f"{remote.url}: expected the sha256 {remote.sha256}; received {digest}. What"
                    " arrived was removed."
                )
            # The first bytes may be those of an older file: try again from the beginning.
            failure = "what arrived does not continue what was there"
        raise DataError(
            f"{remote.url}: {failure}, after {ATTEMPTS} attempts ({_size(part):,} of"
            f" {remote.size:,} bytes are kept for the next)."
        )
    except OSError as error:
        raise DataError(f"cannot write {error.filename or path}: {error.strerror}.") from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _fetch_rest(remote: Remote, part: Path, progress: Progress | None) -> str | None:
    """Appends to `part` what is missing. Returns why it is still not whole, or None when it is."""
    have = _size(part)
    if have > remote.size:
        part.unlink()
        have = 0
    if have == remote.size:
        return None
    # identity: a length and a range count bytes of the file itself, not of a compressed form of it.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(remote.url, headers=headers)
    try:
        with _OPENER.open(request, timeout=_TIMEOUT) as response:
            return _receive(response, remote, part, have, progress)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # the server's file is shorter than the part: that is of another file
            part.unlink(missing_ok=True)
        return f"the server answered {error.code} {error.reason}"
    except urllib.error.URLError as error:
        return f"no connection ({error.reason})"
    except TimeoutError:
        return f"no answer in {_TIMEOUT} seconds"
    except ValueError as error:
        return f"the server's answer makes no sense ({error})"
    except (ConnectionError, http.client.HTTPException) as error:
        return f"the connection broke ({type(error).__name__})"


def _receive(
    response: http.client.HTTPResponse,
    remote: Remote,
    part: Path,
    have: int,
    progress: Progress | None,
) -> str | None:
    """Appends an answer to the `have` bytes of `part`, or writes it anew where the server sends the
    file from its beginning. Returns why `part` is still not whole, or None when it is.
    """
    ranges = [f"bytes {have}-{remote.size - 1}/{total}" for total in (remote.size, "*")]
    if have and response.headers.get("Content-Range") not in ranges:
        have = 0
    length = response.headers.get("Content-Length")
    if int(length or remote.size - have) != remote.size - have:
        return f"the server has {length} bytes where {remote.size - have:,} were expected"
    part.parent.mkdir(parents=True, exist_ok=True)
    started, first = time.monotonic(), have
    with open(part, "ab" if have else "wb") as file:
        while piece := response.read1(_PIECE):
            have += len(piece)
            if have > remote.size:
                return f"more than the expected {remote.size:,} bytes arrived"
            file.write(piece)
            seconds = time.monotonic() - started
            if seconds > _TIMEOUT and have - first < _SLOWEST * seconds:
                return f"it came at less than {_SLOWEST:,} bytes a second"
            if progress:
                progress(f"downloading {part.name.removesuffix('.part')}", have, remote.size)
    if have < remote.size:
        return f"the connection ended after {have:,} of {remote.size:,} bytes"
    return None
