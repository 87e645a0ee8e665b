import errno
import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tutor.data import idx, images, mnist
from tutor.data.images import ImageSet
from tutor.errors import TutorError

NAMES = [file.name for file in mnist.FILES]


def arrays(train: int = 20, test: int = 10) -> list[NDArray[np.uint8]]:
    found = []
    for count in (train, test):
        found.append(np.arange(count * 784, dtype="u1").reshape(count, 28, 28))
        found.append((np.arange(count) % 10).astype("u1"))
    return found


def put(folder: Path, *, dots: bool = False, zipped: bool = True) -> list[NDArray[np.uint8]]:
    folder.mkdir(parents=True, exist_ok=True)
    made = arrays()
    for name, array in zip(NAMES, made, strict=True):
        written = name.replace("-idx", ".idx") if dots else name
        content = idx.write(array)
        if zipped:
            (folder / f"{written}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / written).write_bytes(content)
    return made


def refused(name: str, folder: Path | None = None) -> TutorError:
    with pytest.raises(TutorError) as caught:
        images.load(name, folder)
    assert str(caught.value)
    return caught.value


def test_the_digits_need_nothing(part: ImageSet) -> None:
    assert part.name == "digits"
    assert part.train_images.shape == (10_000, 28, 28)
    assert part.train_labels.shape == (10_000,)
    assert part.test_images.shape == (2_000, 28, 28)
    assert part.test_labels.shape == (2_000,)
    assert part.train_images.flags.writeable
    assert {part.train_images.dtype, part.test_labels.dtype} == {np.dtype("u1")}


@pytest.mark.parametrize("dots", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_folder_in_the_form_of_mnist_is_loaded(
    tmp_path: Path,
    dots: bool,  # noqa: FBT001
    zipped: bool,  # noqa: FBT001
) -> None:
    made = put(tmp_path, dots=dots, zipped=zipped)
    found = images.load(str(tmp_path))
    assert found.name == str(tmp_path)
    assert np.array_equal(found.train_images, made[0])
    assert np.array_equal(found.train_labels, made[1])
    assert np.array_equal(found.test_images, made[2])
    assert np.array_equal(found.test_labels, made[3])


def test_a_folder_may_be_named_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    put(tmp_path / "letters" / "MNIST" / "raw")
    assert len(images.load("~/letters").train_labels) == 20


@pytest.mark.parametrize("name", ["nonsense", "/no/such/folder", "", "a\0b", "~nobody-here/x"])
def test_an_unknown_name_gets_the_known_ones(name: str) -> None:
    refusal = refused(name)
    assert refusal.key == "error.data.unknown"
    assert "digits, mnist" in str(refusal)


def test_a_folder_that_lacks_a_file_names_it(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / f"{NAMES[2]}.gz").unlink()
    refusal = refused(str(tmp_path))
    assert refusal.key == "error.data.incomplete"
    assert NAMES[2] in str(refusal)
    assert str(tmp_path) in str(refusal)


@pytest.mark.parametrize(
    ("number", "array", "told"),
    [
        (0, np.zeros((20, 28, 29), "u1"), "train images"),
        (0, np.zeros((20, 28, 28), "f4"), "train images"),
        (0, np.zeros((20, 784), "u1"), "train images"),
        (0, np.zeros((0, 28, 28), "u1"), "train images"),
        (0, np.array(1, "u1"), "train images"),
        (1, np.zeros(19, "u1"), "train labels"),
        (2, np.zeros((10, 28), "u1"), "test images"),
        (3, np.zeros((10, 1), "u1"), "test labels"),
        (3, np.zeros(10, "i1"), "test labels"),
        (3, np.full(10, 10, "u1"), "label 10"),
    ],
)
def test_arrays_that_are_no_labelled_images_are_refused(
    tmp_path: Path, number: int, array: NDArray[np.uint8], told: str
) -> None:
    made = put(tmp_path)
    (tmp_path / f"{NAMES[number]}.gz").write_bytes(idx.write(array))
    refusal = refused(str(tmp_path))
    assert told in str(refusal)
    assert str(tmp_path) in str(refusal)
    made[number] = array
    with pytest.raises(TutorError):
        ImageSet("made", *made)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    put(tmp_path)
    path = tmp_path / f"{NAMES[0]}.gz"
    path.write_bytes(path.read_bytes()[:-20])
    refusal = refused(str(tmp_path))
    assert refusal.key == "error.data.gzip"
    assert str(path) in str(refusal)


def test_without_mnist_it_is_said_how_to_get_it() -> None:
    refusal = refused("mnist")
    assert refusal.key == "error.data.no_mnist"
    for word in ("tutor data fetch mnist", "TUTOR_DATA", "--data", str(mnist.folder())):
        assert word in str(refusal)


def test_what_is_not_mnist_is_not_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path)
    monkeypatch.setenv("TUTOR_DATA", str(tmp_path))
    refusal = refused("mnist")
    assert refusal.key == "error.data.not_mnist"
    assert f"--data {tmp_path}" in str(refusal)


def test_a_folder_without_permission_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "is_file", refuse)
    refusal = refused("mnist", tmp_path)
    assert refusal.key == "error.data.unreadable"
    assert "Permission denied" in str(refusal)


def test_mnist_is_loaded_by_its_name(
    whole: ImageSet, real_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert whole.train_images.shape == (60_000, 28, 28)
    assert whole.test_images.shape == (10_000, 28, 28)
    assert whole.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert whole.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    monkeypatch.setenv("TUTOR_DATA", str(real_mnist.parent))
    assert images.load("mnist").name == "mnist"


def test_one_changed_pixel_of_mnist_is_noticed(real_mnist: Path, tmp_path: Path) -> None:
    for name in NAMES:
        shutil.copy(real_mnist / f"{name}.gz", tmp_path)
    content = bytearray(gzip.decompress((real_mnist / f"{NAMES[2]}.gz").read_bytes()))
    content[4_000_000] ^= 1
    (tmp_path / f"{NAMES[2]}.gz").unlink()
    (tmp_path / NAMES[2]).write_bytes(content)
    refusal = refused("mnist", tmp_path)
    assert refusal.key == "error.data.not_mnist"
    assert NAMES[2] in str(refusal)
