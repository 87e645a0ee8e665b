import errno
import fcntl
import gzip
import hashlib
import os
import random
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from socket import gaierror
from typing import Any
from urllib.error import URLError

import loopback
import pytest
from loopback import Behaviour, serving

from tutor.data import download, part, refusal, transfer
from tutor.data.download import Patience, Progress, RemoteFile
from tutor.errors import TutorError

CONTENT = random.Random(0).randbytes(400_000)
FILE = RemoteFile("one.gz", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
FILES = {FILE.name: CONTENT}
HALF = len(CONTENT) // 2

SOON = Patience(connect=10, stall=10, least=1, tries=3, pause=0)
HASTY = Patience(connect=0.5, stall=0.3, least=1000, tries=2, pause=0)


def nothing(_: Progress) -> None:
    """Do as someone who does not watch."""


def fetch(
    folder: Path,
    *sources: str,
    report: Callable[[Progress], None] = nothing,
    patience: Patience = SOON,
) -> bytes:
    path = download.fetch(FILE, folder, sources, report, patience)
    assert path == folder / FILE.name
    return path.read_bytes()


def refused(folder: Path, *sources: str, patience: Patience = SOON) -> str:
    """Return why a download failed; what has the file's name must be the file."""
    with pytest.raises(TutorError) as caught:
        fetch(folder, *sources, patience=patience)
    assert not (folder / FILE.name).exists()
    assert caught.value.key == "error.data.download"
    return str(caught.value)


def begun(folder: Path, content: bytes = CONTENT[:HALF]) -> None:
    (folder / f"{FILE.name}.part").write_bytes(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_downloaded(tmp_path: Path) -> None:
    with serving(FILES, loopback.whole) as mirror:
        assert fetch(tmp_path / "new" / "folder", mirror.url) == CONTENT
        assert names(tmp_path / "new" / "folder") == [FILE.name]
        assert mirror.asked == [(FILE.name, 0)]


def test_the_address_may_end_without_a_slash(tmp_path: Path) -> None:
    with serving(FILES) as mirror:
        assert fetch(tmp_path, mirror.url.rstrip("/")) == CONTENT


def test_a_file_that_is_there_is_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / FILE.name).write_bytes(CONTENT)
    with serving(FILES) as mirror:
        assert fetch(tmp_path, mirror.url) == CONTENT
        assert mirror.asked == []
    assert names(tmp_path) == [FILE.name]


def test_another_content_is_kept_under_another_name(tmp_path: Path) -> None:
    (tmp_path / FILE.name).write_bytes(b"mine")
    with serving(FILES) as mirror:
        assert fetch(tmp_path, mirror.url) == CONTENT
    assert (tmp_path / f"{FILE.name}.old").read_bytes() == b"mine"


def test_a_failure_leaves_another_content_as_it_was(tmp_path: Path) -> None:
    (tmp_path / FILE.name).write_bytes(b"mine")
    with serving(FILES, loopback.wrong) as mirror, pytest.raises(TutorError):
        fetch(tmp_path, mirror.url)
    assert (tmp_path / FILE.name).read_bytes() == b"mine"
    assert names(tmp_path) == [FILE.name]


def test_progress_is_told_from_beginning_to_end(tmp_path: Path) -> None:
    told: list[Progress] = []
    begun(tmp_path)
    with serving(FILES, loopback.slowly(0.02)) as mirror:
        fetch(tmp_path, mirror.url, report=told.append)
        assert {one.mirror for one in told} == {mirror.host}
    assert [told[0].received, told[-1].received] == [HALF, len(CONTENT)]
    received = [one.received for one in told]
    assert received == sorted(received)
    assert len(set(received)) > 2


# Mirrors that fail: a sentence that names them, nothing half-written, and the next one is asked.


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        (loopback.status(404), "it answers 404 Not Found."),
        (loopback.status(500), "it answers 500 Internal Server Error."),
        (loopback.status(403), "it answers 403"),
        (loopback.page, "log in"),
        (loopback.disguised_page, "log in"),
        (loopback.wrong, "not the file that was published"),
        (loopback.another_length(12), "offers 12 bytes instead of 400,000"),
        (loopback.another_length(10**15), "instead of 400,000"),
        (loopback.ending_after(0), "broke after 0 of 400,000"),
        (loopback.ending_after(HALF, loopback.whole), "broke after 200,000 of 400,000"),
        (loopback.resetting_after(1 << 14), "broke after"),
        (loopback.redirecting(""), "redirects"),
        (loopback.redirecting("file:///etc/passwd"), "redirects"),
        (loopback.redirecting("ftp://127.0.0.1/x"), "makes no sense (unknown url type: ftp)"),
        (loopback.redirecting("data:text/plain,x"), "redirects"),
        (loopback.no_http, "makes no sense"),
        (loopback.endless, "not the file that was published"),
    ],
)
def test_a_bad_mirror_is_named_and_the_next_one_asked(
    tmp_path: Path, behaviour: Behaviour, sentence: str
) -> None:
    with serving(FILES, behaviour) as bad, serving(FILES) as good:
        told = refused(tmp_path / "bad", bad.url)
        assert f"{bad.host}: " in told
        assert sentence in told
        assert fetch(tmp_path / "good", bad.url, good.url) == CONTENT
        assert names(tmp_path / "good") == [FILE.name]


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        (loopback.silent, "does not answer"),
        (loopback.dripping_header, "does not answer"),
        (loopback.stalling_after(0), "too slowly"),
        (loopback.stalling_after(1 << 14), "too slowly"),
        (loopback.dripping, "too slowly"),
    ],
)
def test_a_slow_mirror_is_given_up(tmp_path: Path, behaviour: Behaviour, sentence: str) -> None:
    with serving(FILES, behaviour) as mirror:
        assert sentence in refused(tmp_path, mirror.url, patience=HASTY)


def test_the_next_mirror_is_asked_when_one_says_nothing(tmp_path: Path) -> None:
    patience = Patience(connect=1, pause=0)
    with serving(FILES, loopback.silent) as bad, serving(FILES) as good:
        assert fetch(tmp_path, bad.url, good.url, patience=patience) == CONTENT


def test_a_mirror_that_is_not_there_is_named(tmp_path: Path) -> None:
    with serving(FILES) as mirror:
        url, host = mirror.url, mirror.host
    told = refused(tmp_path, url)
    assert f"{host}: it cannot be reached (Connection refused)" in told


def test_every_mirror_has_its_reason_and_the_same_one_is_said_once(tmp_path: Path) -> None:
    with (
        serving(FILES, loopback.status(500)) as one,
        serving(FILES, loopback.page) as two,
        serving(FILES, loopback.status(500)) as three,
    ):
        told = refused(tmp_path, one.url, two.url, three.url)
        assert f"{one.host}, {three.host}: it answers 500" in told
        assert f"{two.host}: a web page came" in told


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (URLError(gaierror(-2, "Name or service not known")), "unknown"),
        (URLError(ssl.SSLCertVerificationError(1, "self-signed")), "certificate"),
        (URLError(ssl.SSLError(1, "wrong version number")), "secure"),
        (URLError(TimeoutError("timed out")), "silent"),
        (URLError("no host given"), "garbled"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "unreachable"),
        (ValueError("unknown url type"), "garbled"),
    ],
)
def test_what_keeps_a_mirror_from_answering_has_its_sentence(error: Exception, kind: str) -> None:
    found = refusal.unanswered(error)
    assert found.kind == kind
    assert str(found)


def test_an_untrusted_certificate_is_refused(tmp_path: Path) -> None:
    with serving(FILES) as mirror:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own_certificate(tmp_path))
        mirror.socket = context.wrap_socket(mirror.socket, server_side=True)
        told = refused(tmp_path, mirror.url.replace("http:", "https:"))
    assert "its certificate cannot be trusted (self" in told


def own_certificate(folder: Path) -> Path:
    path = folder / "own.pem"
    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    words = f"req -x509 {key} -subj /CN=127.0.0.1 -keyout {path} -out {path}.crt"
    try:
        subprocess.run(["openssl", *words.split()], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def test_an_endless_answer_is_left_at_the_size_of_the_file(tmp_path: Path) -> None:
    with serving(FILES, loopback.endless) as mirror:
        tracemalloc.start()
        try:
            assert "not the file" in refused(tmp_path, mirror.url)
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()
        assert names(tmp_path) == []


@pytest.mark.parametrize("behaviour", [loopback.going_on, loopback.staying])
def test_what_comes_after_the_file_is_not_waited_for(tmp_path: Path, behaviour: Behaviour) -> None:
    with serving(FILES, behaviour) as mirror:
        assert fetch(tmp_path, mirror.url) == CONTENT
        assert names(tmp_path) == [FILE.name]


def test_a_gzip_bomb_is_not_even_begun(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with serving({FILE.name: bomb}) as mirror:
        assert f"offers {len(bomb):,} bytes" in refused(tmp_path, mirror.url)


# Going on where it stopped.


def test_what_is_there_is_gone_on_with(tmp_path: Path) -> None:
    begun(tmp_path)
    with serving(FILES) as mirror:
        assert fetch(tmp_path, mirror.url) == CONTENT
        assert mirror.asked == [(FILE.name, HALF)]
        assert mirror.sent == HALF
    assert names(tmp_path) == [FILE.name]


def test_a_whole_part_only_gets_its_name(tmp_path: Path) -> None:
    begun(tmp_path, CONTENT)
    with serving(FILES) as mirror:
        assert fetch(tmp_path, mirror.url) == CONTENT
        assert mirror.asked == []


@pytest.mark.parametrize("behaviour", [loopback.whole, loopback.elsewhere, loopback.beyond])
def test_a_mirror_that_cannot_go_on_begins_anew(tmp_path: Path, behaviour: Behaviour) -> None:
    begun(tmp_path)
    with serving(FILES, behaviour) as mirror:
        assert fetch(tmp_path, mirror.url) == CONTENT


@pytest.mark.parametrize(
    "wrong", [bytes(HALF), bytes(len(CONTENT)), bytes(len(CONTENT) + 5), CONTENT + b"x"]
)
def test_a_wrong_part_is_thrown_away(tmp_path: Path, wrong: bytes) -> None:
    begun(tmp_path, wrong)
    with serving(FILES) as mirror:
        assert fetch(tmp_path, mirror.url) == CONTENT
        assert mirror.asked[-1] == (FILE.name, 0)


def test_a_content_that_changed_meanwhile_is_asked_for_anew(tmp_path: Path) -> None:
    begun(tmp_path)
    with serving(FILES, loopback.wrong_rest, loopback.ranged) as mirror:
        assert fetch(tmp_path, mirror.url) == CONTENT
        assert [start for _, start in mirror.asked] == [HALF, 0]


def test_a_connection_that_breaks_is_taken_up_again(tmp_path: Path) -> None:
    with serving(
        FILES, loopback.ending_after(100_000), loopback.resetting_after(100_000), loopback.ranged
    ) as mirror:
        assert fetch(tmp_path, mirror.url) == CONTENT
        starts = [start for _, start in mirror.asked]
        assert starts[0] == 0
        assert starts == sorted(starts)
        assert len(starts) == 3


def test_the_next_mirror_goes_on_where_one_broke_off(tmp_path: Path) -> None:
    with (
        serving(FILES, loopback.ending_after(HALF), loopback.status(500)) as bad,
        serving(FILES) as good,
    ):
        assert fetch(tmp_path, bad.url, good.url) == CONTENT
        assert good.asked == [(FILE.name, HALF)]


def test_what_a_bad_mirror_began_does_not_spoil_a_good_one(tmp_path: Path) -> None:
    with (
        serving(FILES, loopback.ending_after(HALF, loopback.wrong)) as bad,
        serving(FILES) as good,
    ):
        assert fetch(tmp_path, bad.url, good.url) == CONTENT
        assert [start for _, start in good.asked] == [HALF, 0]


def test_what_came_before_a_failure_is_kept(tmp_path: Path) -> None:
    with serving(FILES, loopback.ending_after(HALF), loopback.status(500)) as mirror:
        refused(tmp_path, mirror.url)
    assert (tmp_path / f"{FILE.name}.part").read_bytes() == CONTENT[:HALF]


def test_a_page_does_not_harm_what_is_there(tmp_path: Path) -> None:
    begun(tmp_path)
    with serving(FILES, loopback.page) as mirror:
        refused(tmp_path, mirror.url)
    assert (tmp_path / f"{FILE.name}.part").read_bytes() == CONTENT[:HALF]


class StopError(Exception):
    """Someone has had enough."""


@pytest.mark.parametrize("stop", [StopError, KeyboardInterrupt, BrokenPipeError])
@pytest.mark.parametrize("behaviour", [loopback.slowly(0.05), loopback.silent])
def test_whoever_watches_can_stop_it(
    tmp_path: Path, stop: type[BaseException], behaviour: Behaviour
) -> None:
    begun(tmp_path)
    told: list[Progress] = []

    def report(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 3:
            raise stop

    with serving(FILES, behaviour) as mirror:
        with pytest.raises(stop):
            fetch(tmp_path, mirror.url, report=report)
        kept = (tmp_path / f"{FILE.name}.part").read_bytes()
        assert kept == CONTENT[: len(kept)]
        assert len(kept) >= HALF
        mirror.behaviours = [loopback.ranged]
        mirror.over.set()
        assert fetch(tmp_path, mirror.url) == CONTENT


def test_no_thread_is_left(tmp_path: Path) -> None:
    with serving(FILES, loopback.stalling_after(1 << 14)) as mirror:
        refused(tmp_path, mirror.url, patience=HASTY)
    end = time.monotonic() + 10
    while any(thread.name == "download" for thread in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.01)


# The disk.


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    (tmp_path / f"{FILE.name}.part").symlink_to("/dev/full")
    with serving(FILES) as mirror, pytest.raises(TutorError) as caught:
        fetch(tmp_path, mirror.url)
    assert caught.value.key == "error.data.full"
    assert f"{FILE.name}.part" in str(caught.value)


@pytest.mark.parametrize(
    ("number", "key"),
    [(errno.ENOSPC, "full"), (errno.EROFS, "readonly"), (errno.EACCES, "denied")],
)
def test_what_the_disk_refuses_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, key: str
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with serving(FILES) as mirror:
        for name in ("open", "fsync"):
            with monkeypatch.context() as patch:
                patch.setattr(part.os, name, refuse)
                with pytest.raises(TutorError) as caught:
                    fetch(tmp_path, mirror.url)
            assert caught.value.key == f"error.data.{key}"
            assert not (tmp_path / FILE.name).exists()
        assert fetch(tmp_path, mirror.url) == CONTENT


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with serving(FILES) as mirror, pytest.raises(TutorError) as caught:
        fetch(tmp_path / "file" / "folder", mirror.url)
    assert caught.value.key == "error.data.path"
    assert mirror.asked == []


def test_a_file_has_its_name_only_when_it_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, replace = os.fsync, os.rename

    def fsync(descriptor: int) -> None:
        done.append("folder" if os.fstat(descriptor).st_mode & 0o040000 else "file")
        sync(descriptor)

    def settle(self: Path, target: Path) -> Path:
        if not self.exists():
            raise FileNotFoundError
        done.append("name")
        replace(self, target)
        return target

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", settle)
    with serving(FILES) as mirror:
        fetch(tmp_path, mirror.url)
    assert done == ["file", "name", "folder"]


# Several at once.


def at_once(count: int, work: Callable[[], Any]) -> list[Any]:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_several_one_downloads_and_the_others_wait(tmp_path: Path) -> None:
    told: list[Progress] = []
    with serving(FILES, loopback.slowly(0.02)) as mirror:
        found = at_once(4, lambda: fetch(tmp_path, mirror.url, report=told.append))
        assert found == [CONTENT] * 4
        assert mirror.asked == [(FILE.name, 0)]
    assert any(one.mirror == "" for one in told)
    assert names(tmp_path) == [FILE.name]


def test_one_who_waits_goes_on_when_the_other_fails(tmp_path: Path) -> None:
    with serving(FILES, loopback.ending_after(HALF), loopback.slowly(0.02)) as mirror:
        once = Patience(tries=1, pause=0)
        with pytest.raises(TutorError):
            fetch(tmp_path, mirror.url, patience=once)
        assert at_once(2, lambda: fetch(tmp_path, mirror.url)) == [CONTENT] * 2
        assert mirror.asked[1:] == [(FILE.name, HALF)]


def test_where_files_cannot_be_locked_each_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", impossible)
    with serving(FILES, loopback.slowly(0.01)) as mirror:
        assert at_once(3, lambda: fetch(tmp_path, mirror.url)) == [CONTENT] * 3
        mirror.behaviours = [loopback.ending_after(HALF), loopback.status(500)]
        (tmp_path / FILE.name).unlink()
        refused(tmp_path, mirror.url)
    assert set(names(tmp_path)) <= {f"{FILE.name}.old"}


def test_the_transfer_ends_though_no_one_takes_it(tmp_path: Path) -> None:
    with serving({"one.gz": bytes(10_000_000)}) as mirror:
        url = f"{mirror.url}one.gz"
        with transfer.Transfer(url, 0, 10_000_000, 5, 0.05) as answer:
            assert isinstance(next(iter(answer)), transfer.Head)
        answer._thread.join(10)
        assert not answer._thread.is_alive()
