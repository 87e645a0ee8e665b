import gzip
import hashlib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from tutor.data import digits, idx, images, make_digits
from tutor.data.images import ImageSet
from tutor.data.make_digits import chosen

CONTENTS = {
    "train-images-idx3-ubyte.gz": (
        "92273c89667d70381d10bcfdc8c9a3b32cd1fd458ed447a5b4c224731ce1bc1a"
    ),
    "train-labels-idx1-ubyte.gz": (
        "64a8cdfd78e3da9803dbf32e1c45f89321a9bc3c5c5881c1faca3811895f6bc8"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "36fd32a8d10f0470b6a9950daa0016251a8fb9f896d3eeb2b78c0ed5da1bb4a2"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "6ed97d1827ee783b1225b9f35a43c8e74ddae5003b339e439187b0dede30f8cf"
    ),
}
"""The SHA-256 of what each embedded file expands to."""


def test_the_files_are_those_that_were_made() -> None:
    assert tuple(CONTENTS) == digits.FILES
    for name, sha256 in CONTENTS.items():
        content = gzip.decompress(digits.content(name))
        assert hashlib.sha256(content).hexdigest() == sha256


def test_the_files_are_small_and_without_a_time() -> None:
    assert sum(len(digits.content(name)) for name in digits.FILES) < 2_000_000
    for name in digits.FILES:
        assert digits.content(name)[:10] == bytes.fromhex("1f8b08000000000002ff")


def test_whose_they_are_is_said_beside_them() -> None:
    text = (files("tutor.data") / "embedded/ATTRIBUTION.md").read_text(encoding="utf-8")
    for word in ("Yann LeCun", "Corinna Cortes", "Attribution-ShareAlike 3.0"):
        assert word in text


def test_no_image_is_there_twice(part: ImageSet) -> None:
    every = np.concatenate([part.train_images, part.test_images])
    assert len({image.tobytes() for image in every}) == len(every)


def test_the_order_is_mixed(part: ImageSet) -> None:
    for labels in (part.train_labels, part.test_labels):
        for tenth in np.split(labels, 10):
            assert np.bincount(tenth, minlength=10).min() > 0


@pytest.mark.parametrize(("total", "count"), [(1000, 100), (1000, 1000), (997, 13), (10, 1)])
def test_each_class_has_its_share(total: int, count: int) -> None:
    labels = (np.arange(total) ** 2 % 7).astype("u1")
    places = chosen(labels, count, "test")
    assert len(set(places.tolist())) == count
    shares = np.bincount(labels[places], minlength=7)
    exact = np.bincount(labels, minlength=7) * count / total
    assert np.abs(shares - exact).max() < 1


def test_the_choice_is_the_same_everywhere() -> None:
    labels = (np.arange(100) % 3).astype("u1")
    assert chosen(labels, 8, "train").tolist() == [23, 35, 16, 93, 12, 58, 72, 37]
    assert chosen(labels, 8, "test").tolist() == [58, 80, 9, 31, 86, 97, 6, 54]


def test_the_script_makes_the_files_anew(whole: ImageSet) -> None:
    for name, content in make_digits.make(whole).items():
        assert hashlib.sha256(content).hexdigest() == CONTENTS[name]


def test_each_class_has_the_share_it_has_in_mnist(whole: ImageSet, part: ImageSet) -> None:
    for all_labels, labels in (
        (whole.train_labels, part.train_labels),
        (whole.test_labels, part.test_labels),
    ):
        exact = np.bincount(all_labels) * len(labels) / len(all_labels)
        assert np.abs(np.bincount(labels) - exact).max() < 1


def test_images_to_test_with_come_from_those_to_test_with(whole: ImageSet, part: ImageSet) -> None:
    for all_images, found in (
        (whole.train_images, part.train_images),
        (whole.test_images, part.test_images),
    ):
        assert {image.tobytes() for image in found} <= {image.tobytes() for image in all_images}


def test_the_same_content_is_compressed_to_the_same_bytes() -> None:
    content = idx.write(np.arange(10_000, dtype="i4"))
    assert make_digits.compressed(content) == make_digits.compressed(content)
    assert gzip.decompress(make_digits.compressed(content)) == content


def test_the_script_writes_into_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(images, "load", lambda name, folder: "whole")
    monkeypatch.setattr(make_digits, "make", lambda whole: {"one.gz": whole.encode()})
    make_digits.main(["anywhere", str(tmp_path)])
    assert gzip.decompress((tmp_path / "one.gz").read_bytes()) == b"whole"
    assert "one.gz" in capsys.readouterr().out
