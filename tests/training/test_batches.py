from contextlib import suppress

import numpy as np
import pytest
import torch
from imagined import CPU, made_up

from tutor.data.images import ImageSet
from tutor.errors import TutorError
from tutor.training import batches
from tutor.training.batches import Batches, Placed, place, scale
from tutor.training.randomness import Dice, derived, permutation


def test_pixels_are_scaled_to_mean_0_and_deviation_1(images: ImageSet, placed: Placed) -> None:
    pixels = images.train_images.astype(np.float64) / 255
    assert placed.mean == pytest.approx(pixels.mean(), rel=1e-12)
    assert placed.std == pytest.approx(pixels.std(), rel=1e-12)
    expected = (images.test_images.astype(np.float64) / 255 - placed.mean) / placed.std
    np.testing.assert_allclose(placed.test.images, expected, atol=1e-6)
    assert placed.train.images.dtype == torch.float32
    assert placed.train.labels.dtype == torch.int64
    assert placed.train.labels.tolist() == images.train_labels.tolist()


@pytest.mark.parametrize("shade", [0, 255])
def test_images_of_one_shade_are_not_divided_by_zero(shade: int) -> None:
    images = np.full((300, 28, 28), shade, np.uint8)
    assert scale(images) == (shade / 255, 1.0)


def test_arrays_that_can_only_be_read_are_taken(images: ImageSet) -> None:
    arrays = [
        np.frombuffer(one.tobytes(), np.uint8).reshape(one.shape)
        for one in (
            images.train_images,
            images.train_labels,
            images.test_images,
            images.test_labels,
        )
    ]
    same = place(ImageSet("read-only", *arrays), CPU)
    assert len(same.train) == len(images.train_images)


def test_too_many_images_are_a_plain_error(
    images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(batches, "normalised", full)
    with pytest.raises(TutorError) as error:
        place(images, CPU)
    assert error.value.values == {"count": 430, "device": "cpu"}


@pytest.mark.parametrize("size", [1, 32, 110, 329, 330, 331, 65_536])
def test_every_epoch_has_every_image_once_with_its_label(placed: Placed, size: int) -> None:
    some = Batches(placed.train, size, seed=3)
    for epoch in (0, 1):
        some.begin(epoch)
        parts = [
            (images.clone(), labels) for images, labels in map(some.__getitem__, range(len(some)))
        ]
        assert [len(labels) for _, labels in parts] == [some.samples(n) for n in range(len(some))]
        order = permutation(330, 3, epoch)
        assert torch.equal(torch.cat([one for one, _ in parts]), placed.train.images[order])
        assert torch.equal(torch.cat([one for _, one in parts]), placed.train.labels[order])


def test_orders_differ_by_epoch_and_seed_and_nothing_else() -> None:
    orders = {tuple(permutation(100, seed, epoch).tolist()) for seed in (0, 1) for epoch in (0, 1)}
    assert len(orders) == 4
    torch.manual_seed(9)
    assert torch.equal(permutation(100, 0, 0), permutation(100, 0, 0))
    assert permutation(100, 2**31 - 1, 10_000).sort().values.tolist() == list(range(100))


def test_seeds_are_told_apart_in_32_bits() -> None:
    seeds = {derived(seed, what, n) for seed in range(50) for what in "ab" for n in range(50)}
    assert len(seeds) == 5000
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_dice_neither_heed_nor_change_what_others_draw() -> None:
    def thrown(*, disturb: bool) -> list[float]:
        dice, seen = Dice(4, CPU), []
        for _ in range(3):
            with dice:
                seen.append(torch.rand(1).item())
            if disturb:
                torch.rand(5)
        return seen

    torch.manual_seed(0)
    expected = torch.rand(3).tolist()
    torch.manual_seed(0)
    calm = thrown(disturb=False)
    assert torch.rand(3).tolist() == expected
    assert thrown(disturb=True) == calm


def test_dice_put_the_caller_s_numbers_back_after_an_error() -> None:
    before = torch.get_rng_state()
    with suppress(ZeroDivisionError), Dice(0, CPU):
        torch.rand(1)
        _ = 1 / 0
    assert torch.equal(torch.get_rng_state(), before)


def test_images_of_another_seed_are_other_images() -> None:
    assert not np.array_equal(made_up(seed=1).train_images, made_up(seed=2).train_images)
