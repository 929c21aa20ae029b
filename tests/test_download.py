"""Downloads, against a server on this machine that misbehaves in every way a server can."""

import contextlib
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tfmlp.data import svhn
from tfmlp.data.download import Remote, download
from tfmlp.data.sources import load_dataset
from tfmlp.errors import DataError

CONTENT = bytes(range(256)) * 4000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server():
    """A server whose `behave(handler, start)` answers each request; it keeps the ranges it was
    asked for.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            range_header = self.headers.get("Range")
            start = int(range_header.removeprefix("bytes=").rstrip("-")) if range_header else 0
            server.asked.append(start)
            server.behave(self, start)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.behave = [], send
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}/file.mat"
    yield server
    server.shutdown()
    server.server_close()


def send(handler, start, content=CONTENT, stop=None, claim=None, ranges=True):
    """Sends content[start:stop], claiming `claim` bytes."""
    start = start if ranges else 0
    handler.send_response(206 if start else 200)
    handler.send_header("Content-Length", str((len(content) if claim is None else claim) - start))
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    handler.end_headers()
    handler.wfile.write(content[start:stop])


def fetch(server, tmp_path, **changes):
    remote = Remote(server.url, len(CONTENT), DIGEST)._replace(**changes)
    return download(remote, tmp_path / "new" / "file.mat", pause=0)


def test_a_whole_file_arrives_and_progress_is_told(server, tmp_path):
    told = []
    remote = Remote(server.url, len(CONTENT), DIGEST)
    path = download(remote, tmp_path / "file.mat", lambda *news: told.append(news))
    assert path.read_bytes() == CONTENT
    assert told[-1] == ("downloading file.mat", len(CONTENT), len(CONTENT))
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["file.mat"]


def test_a_file_that_is_there_is_not_asked_for(server, tmp_path):
    fetch(server, tmp_path)
    fetch(server, tmp_path)
    assert server.asked == [0]


def test_a_broken_connection_goes_on_where_it_broke(server, tmp_path):
    server.behave = lambda handler, start: send(handler, start, stop=start + 400_000)
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [0, 400_000, 800_000]


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(server, tmp_path):
    server.behave = lambda handler, start: send(handler, start, stop=start + 100_000)
    with pytest.raises(DataError, match=r"after 4 attempts \(400,000 of 1,024,000 bytes are kept"):
        fetch(server, tmp_path)
    assert not (tmp_path / "new" / "file.mat").exists()
    server.behave = send
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] == 400_000


def test_a_server_without_ranges_starts_anew(server, tmp_path):
    calls = []

    def behave(handler, start):
        calls.append(start)
        send(handler, start, stop=300_000 if len(calls) == 1 else None, ranges=False)

    server.behave = behave
    assert fetch(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("behave", "message"),
    [
        (lambda handler, start: send(handler, start, content=CONTENT[::-1]), "expected the sha256"),
        (
            lambda handler, start: send(handler, 0, content=CONTENT + b"more"),
            "has 1024004 bytes where 1,024,000 were expected",
        ),
        (
            lambda handler, start: send(handler, start, content=CONTENT[:500], claim=500),
            "has 500 bytes where 1,024,000 were expected",
        ),
        (
            lambda handler, start: send(handler, start, claim=10**15),
            "has 1000000000000000 bytes where 1,024,000 were expected",
        ),
        (lambda handler, start: send_endlessly(handler), "more than the expected 1,024,000 bytes"),
        (
            lambda handler, start: redirect(handler, "ftp://127.0.0.1/file.mat"),
            "points to ftp:, which is not followed",
        ),
        (lambda handler, start: redirect(handler, "file:///etc/passwd"), "answered 302"),
        (lambda handler, start: redirect(handler, handler.path), "answered 302|no connection"),
        (lambda handler, start: send_nonsense(handler), "connection broke|makes no sense|has"),
        (lambda handler, start: handler.send_error(404), "answered 404"),
        (lambda handler, start: handler.send_error(503), "answered 503"),
        (lambda handler, start: handler.send_error(416), "answered 416"),
        (lambda handler, start: None, "no connection|connection broke"),
    ],
)
def test_what_cannot_be_had_whole_is_never_taken_for_whole(server, tmp_path, behave, message):
    server.behave = behave
    with pytest.raises(DataError, match=message):
        fetch(server, tmp_path)
    assert not (tmp_path / "new" / "file.mat").exists()


def send_endlessly(handler):
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(bytes(1 << 16))


def redirect(handler, address):
    handler.send_response(302)
    handler.send_header("Location", address)
    handler.end_headers()


def send_nonsense(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n")


def test_a_redirection_to_the_same_scheme_is_followed(server, tmp_path):
    server.behave = lambda handler, start: (
        send(handler, start) if handler.path == "/there" else redirect(handler, "/there")
    )
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_slow_drip_is_not_waited_for(server, tmp_path, monkeypatch):
    monkeypatch.setattr("tfmlp.data.download._TIMEOUT", 0.5)

    def drip(handler, start):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        with contextlib.suppress(OSError):
            for byte in CONTENT:
                handler.wfile.write(bytes([byte]))
                time.sleep(0.01)

    server.behave = drip
    started = time.monotonic()
    with pytest.raises(DataError, match="less than 1,024 bytes a second"):
        fetch(server, tmp_path)
    assert time.monotonic() - started < 10


def test_a_file_that_changed_since_it_broke_off_is_fetched_anew(server, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file.mat.part").write_bytes(b"of an older file")
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [len(b"of an older file"), 0]


def test_a_part_that_the_server_has_not_is_fetched_anew(server, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file.mat.part").write_bytes(CONTENT[:100])
    server.behave = lambda handler, start: (
        handler.send_error(416) if start else send(handler, start)
    )
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_range_of_another_file_is_not_taken(server, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file.mat.part").write_bytes(CONTENT[:100])

    def behave(handler, start):
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {start}-{len(CONTENT)}/{len(CONTENT) + 1}")
        handler.end_headers()
        handler.wfile.write(CONTENT)

    server.behave = behave
    # The server sent all of the file, and all of it is taken.
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["file.mat"]


def test_a_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file.mat.part").write_bytes(bytes(len(CONTENT) + 1))
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_no_server(tmp_path):
    with pytest.raises(DataError, match="no connection"):
        download(Remote("http://127.0.0.1:9/x", 1, DIGEST), tmp_path / "x", pause=0)


def test_a_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "new").write_text("a file")
    with pytest.raises(DataError, match="cannot write"):
        fetch(server, tmp_path)


def test_svhn_that_is_nowhere_is_downloaded_and_otherwise_says_what_to_do(
    server, tmp_path, monkeypatch, svhn_dir
):
    names = ("train_32x32.mat", "test_32x32.mat")
    contents = {name: (svhn_dir / name).read_bytes() for name in names}
    base = server.url.removesuffix("file.mat")
    remotes = {
        name: Remote(base + name, len(c), hashlib.sha256(c).hexdigest())
        for name, c in contents.items()
    }
    monkeypatch.setattr(svhn, "OFFICIAL", remotes)

    def serve(handler, start):
        send(handler, start, content=contents[handler.path.strip("/")])

    server.behave = serve
    data = load_dataset("svhn", data_dir=str(tmp_path / "data"), validation=0)
    assert data.provenance.official is True and len(data.train) == 300
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == sorted(names)

    server.behave = lambda handler, start: handler.send_error(404)
    monkeypatch.setattr("tfmlp.data.download.time.sleep", lambda seconds: None)
    with pytest.raises(DataError) as error:
        load_dataset("svhn", data_dir=str(tmp_path / "elsewhere"))
    said = str(error.value)
    assert str(tmp_path / "elsewhere") in said and remotes["train_32x32.mat"].url in said
    assert "svhn-synthetic" in said and "--data-dir" in said
