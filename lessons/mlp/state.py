"""What can be set in the MNIST lab and what is drawn there, and the guided tasks' predicates.

Images are 28×28 pixels, uint8, 0 is background and 255 is ink; a class is a digit, 0 to 9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tutor.api import Frame, Params, Setting, Task, choice, integer, number, text
from tutor.run_view import RUN, RunFrame, Watch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 28
"""The height and width of an image in pixels."""

SKETCHES = {
    "": "",
    "flat": "▇▇▇▇▇▇",
    "creeps": "▇▇▆▆▅▅",
    "falls": "▇▅▃▂▁▁",
    "explodes": "▁█▂▁▁▁",
    "climbs": "▇▃▁▃▅▇",
}
"""What a loss may do, drawn."""

CHANCE = math.log(10)
"""The cross-entropy of a network that holds all ten digits equally likely, in nats."""


@dataclass(frozen=True, kw_only=True)
class Nothing(Params):
    """Nothing to set."""


@dataclass(frozen=True, kw_only=True)
class Data(Params):
    """Which images."""

    data: str = text("digits", pattern=r"[^\x00-\x1f\x7f]{1,4096}", offered=("digits", "mnist"))
    """"digits" (the embedded 10,000 + 2,000), "mnist" (60,000 + 10,000), or a folder's path."""


@dataclass(frozen=True, kw_only=True)
class Sample(Data):
    """Some images of each class."""

    offset: int = integer(0, low=0, high=5000, step=10)
    """How many images of each class are skipped; after the last one it begins anew."""


@dataclass(frozen=True, kw_only=True)
class Loading(Data):
    """How a DataLoader divides the training images, and which of its batches is shown."""

    batch_size: int = integer(64, low=1, high=65_536, log=True)
    """How many images a batch has; the last one of an epoch may have fewer."""
    shuffle: str = choice("on", "on", "off")
    """Whether each epoch takes the images in a new random order."""
    seed: int = integer(0, low=0, high=2**31 - 1)
    """What the order of the images starts from."""
    epoch: int = integer(1, low=1, high=10)
    """The epoch that the batch belongs to, from 1."""
    batch: int = integer(0, low=0, high=59_999)
    """The number of the batch in its epoch, from 0."""


@dataclass(frozen=True, kw_only=True)
class Network(Params):
    """A network before training."""

    hidden: str = text(
        "256",
        pattern=r"[1-9]\d{0,3}(,[1-9]\d{0,3}){0,2}",
        offered=("16", "32", "64", "128", "256", "512", "128,64", "256,128"),
    )
    """The widths of the hidden layers, "256" or "256,128", at most three."""
    seed: int = integer(0, low=0, high=2**31 - 1)
    """What the weights start from; in training also the order of the images."""

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of the hidden layers as numbers."""
        return tuple(map(int, self.hidden.split(",")))


@dataclass(frozen=True, kw_only=True)
class Recipe(Data, Network):
    """How a network is trained, but for how long."""

    dropout: float = number(0.0, low=0.0, high=0.95, step=0.05)
    """The share of hidden units that is left out at each training step."""
    optimizer: str = choice("adam", "sgd", "momentum", "adam")
    """The rule by which gradients change weights."""
    lr: float = field(default=0.001, metadata={"setting": Setting(1e-5, 10.0, log=True)})
    """The learning rate."""
    batch_size: int = integer(64, low=1, high=65_536, log=True)
    """How many images a step takes."""


@dataclass(frozen=True, kw_only=True)
class Course(Recipe):
    """How a network is trained, and for how long."""

    epochs: int = integer(5, low=1, high=50)
    """How often every training image is seen."""


@dataclass(frozen=True, kw_only=True)
class Training(Course, Watch):
    """A training run in a process of its own: what it is told, and how it is looked at."""


@dataclass(frozen=True, kw_only=True)
class ShortRun(Course):
    """A training run in the lab itself, perhaps with a mistake in its loop."""

    fault: str = choice("none", "none", "no_zero_grad", "softmax", "sum")
    """The mistake: gradients never zeroed, a softmax before the loss, a sum for the mean."""


@dataclass(frozen=True, kw_only=True)
class Trained(Recipe):
    """A network to look at: the newest of a run, or one that is trained here and now."""

    run: str = text("", pattern=rf"({RUN})?")
    """The id of a run, whose newest checkpoint is taken; empty if there is none."""
    trained: int = integer(0, low=0, high=5)
    """Where there is no run: how many epochs to train here; 0 is a network before training."""


@dataclass(frozen=True, kw_only=True)
class OneImage(Trained):
    """One test image and a network."""

    image: int = integer(0, low=0, high=9_999)
    """The number of the test image, from 0."""


@dataclass(frozen=True, kw_only=True)
class Units(Trained):
    """Some hidden units of a network."""

    unit: int = integer(0, low=0, high=511)
    """The first unit shown, from 0."""
    show: str = choice("weights", "weights", "change")
    """Whether their weights are shown, or how far training has moved them."""


@dataclass(frozen=True, kw_only=True)
class Exam(Trained):
    """A network and how it is measured."""

    split: str = choice("test", "test", "train")
    """The images it is measured with."""
    mode: str = choice("eval", "eval", "train")
    """Whether `eval()` was called, or forgotten."""


@dataclass(frozen=True, kw_only=True)
class Ink(Trained):
    """A drawing and the network that reads it."""

    ink: str = text("", pattern=r"[0-9a-f]{0,196}")
    """28×28 bits row by row, four to a hexadecimal digit, the leftmost the highest; 1 is ink.

    What is missing at the end is background.
    """


@dataclass(frozen=True, kw_only=True)
class Lab(Sample, Loading, ShortRun, Training, OneImage, Units, Exam, Ink):
    """Everything that can be set in the lab."""

    view: str = choice(
        "data",
        "imports",
        "data",
        "batches",
        "model",
        "forward",
        "curve",
        "train",
        "evaluate",
        "weights",
        "draw",
    )
    """The task whose picture is shown."""


@dataclass(frozen=True)
class Imports(Frame):
    """What computes here."""

    python: str
    """The version of Python."""
    torch: str
    """The version of torch."""
    numpy: str
    """The version of numpy."""
    device: str
    """The device's type: "cpu", "cuda" or "mps"."""
    name: str
    """The device's name as its driver tells it."""
    threads: int
    """How many threads of the CPU torch computes with."""
    tensor: str
    """A first tensor on the device, as Python prints it."""
    product: str
    """The tensor times itself transposed, as Python prints it."""


@dataclass(frozen=True)
class Images(Frame):
    """A data set at a glance."""

    samples: NDArray[np.uint8]
    """Training images, row c of class c: uint8 (10, 8, 28, 28)."""
    train_counts: NDArray[np.int64]
    """How many training images each class has: int64 (10,)."""
    test_counts: NDArray[np.int64]
    """How many test images each class has: int64 (10,)."""
    shape: str
    """The shape of the training images' array, as Python writes it."""
    dtype: str
    """Its dtype."""
    mean: float
    """The mean of the training images' pixels, where 1 is ink."""
    std: float
    """Their standard deviation."""
    background: float
    """The share of pixels that are exactly 0."""

    @property
    def train(self) -> int:
        """The number of training images."""
        return int(self.train_counts.sum())

    @property
    def test(self) -> int:
        """The number of test images."""
        return int(self.test_counts.sum())

    @property
    def ink(self) -> float:
        """What a pixel of 255 becomes when it is normalised."""
        return (1 - self.mean) / self.std

    @property
    def paper(self) -> float:
        """What a pixel of 0 becomes when it is normalised."""
        return -self.mean / self.std


@dataclass(frozen=True)
class Batch(Frame):
    """One mini-batch as a DataLoader gives it."""

    images: NDArray[np.uint8]
    """Its first images, at most 64, before they are normalised: uint8 (n, 28, 28)."""
    labels: NDArray[np.int64]
    """Their classes: int64 (n,)."""
    indices: NDArray[np.int64]
    """Their places in the data set, from 0: int64 (n,)."""
    shape: str
    """The shape of the whole batch's images, as Python writes it."""
    dtype: str
    """Their dtype."""
    label_shape: str
    """The shape of the labels."""
    label_dtype: str
    """Their dtype."""
    size: int
    """How many images this batch has."""
    batches: int
    """How many batches an epoch has."""
    last_size: int
    """How many images the epoch's last batch has."""
    total: int
    """How many images an epoch has."""
    mean: float
    """The mean of the batch's normalised pixels."""
    std: float
    """Their standard deviation."""
    class_counts: NDArray[np.int64]
    """How many images of each class the whole batch has: int64 (10,)."""

    @property
    def first_index(self) -> int:
        """The place in the data set of the batch's first image."""
        return int(self.indices[0])


@dataclass(frozen=True)
class Parameters(Frame):
    """What training may change, tensor by tensor, before and after `init_param`."""

    names: tuple[str, ...]
    """The names that `named_parameters` gives."""
    shapes: tuple[str, ...]
    """Their shapes, as Python writes them."""
    counts: NDArray[np.int64]
    """How many numbers each has: int64 (p,)."""
    means_before: NDArray[np.float64]
    """The mean of each as torch makes it: float64 (p,)."""
    stds_before: NDArray[np.float64]
    """The standard deviation of each as torch makes it: float64 (p,)."""
    means: NDArray[np.float64]
    """The mean of each after `init_param`: float64 (p,)."""
    stds: NDArray[np.float64]
    """The standard deviation of each after `init_param`: float64 (p,)."""
    values: NDArray[np.float32]
    """The first four numbers of each after `init_param`, NaN if it has fewer: float32 (p, 4)."""

    @property
    def total(self) -> int:
        """How many numbers training changes."""
        return int(self.counts.sum())

    @property
    def biases(self) -> int:
        """How many of them are biases."""
        named = zip(self.names, self.counts.tolist(), strict=True)
        return sum(count for name, count in named if name.endswith("bias"))

    @property
    def first_weights(self) -> int:
        """How many weights the first layer has."""
        return int(self.counts[0])

    @property
    def first_share(self) -> float:
        """Which share of all numbers the first layer's weights are."""
        return self.first_weights / self.total

    @property
    def first_shape(self) -> str:
        """The shape of the first layer's weights."""
        return self.shapes[0]

    @property
    def std_before(self) -> float:
        """The standard deviation of the first layer's weights as torch makes them."""
        return float(self.stds_before[0])

    @property
    def std(self) -> float:
        """The standard deviation of the first layer's weights after `init_param`."""
        return float(self.stds[0])


@dataclass(frozen=True)
class Forward(Frame):
    """One image on its way through the network."""

    image: NDArray[np.uint8]
    """The image: uint8 (28, 28)."""
    label: int
    """Its class."""
    stages: tuple[str, ...]
    """The stations: "image", "tensor", "flatten", "hidden.0", …, "output", "softmax", "numpy"."""
    shapes: tuple[str, ...]
    """The shape at each, as Python writes it."""
    kinds: tuple[str, ...]
    """What each is: "numpy uint8" or "torch float32", say."""
    lows: NDArray[np.float64]
    """The least value at each: float64 (stations,)."""
    highs: NDArray[np.float64]
    """The greatest value at each: float64 (stations,)."""
    hidden: NDArray[np.float32]
    """The activations of the last hidden layer, after ReLU: float32 (units,)."""
    logits: NDArray[np.float32]
    """The scores: float32 (10,)."""
    probabilities: NDArray[np.float32]
    """Their softmax: float32 (10,)."""
    loss: float
    """The cross-entropy, −ln of the probability of the image's class, in nats."""
    step: int
    """How many steps the network was trained."""

    @property
    def predicted(self) -> int:
        """The class with the greatest score."""
        return int(self.logits.argmax())

    @property
    def probability(self) -> float:
        """The probability of the predicted class."""
        return float(self.probabilities.max())

    @property
    def total(self) -> float:
        """The sum of the probabilities."""
        return float(self.probabilities.sum())

    @property
    def largest(self) -> float:
        """The greatest score."""
        return float(self.logits.max())

    @property
    def guess(self) -> float:
        """The loss of a network that holds all classes equally likely, ln 10."""
        return CHANCE

    @property
    def active(self) -> float:
        """The share of the last hidden layer's units that are not 0."""
        return float((self.hidden > 0).mean())


@dataclass(frozen=True)
class Curve(Frame):
    """A short training run so far."""

    step: int
    """How many steps have been taken."""
    steps: int
    """How many there will be."""
    epoch: int
    """How many epochs are complete."""
    batches: int
    """How many steps an epoch has."""
    parameters: int
    """How many numbers training changes."""
    loss_steps: NDArray[np.float64]
    """The middle step of each bucket of losses, at most 400: float64 (b,)."""
    losses: NDArray[np.float64]
    """The mean loss of each bucket's batches, in nats: float64 (b,); infinite or NaN at the end
    of a run that diverged."""
    test_steps: NDArray[np.int64]
    """The steps after which the network was tested: int64 (t,), from 0."""
    test_losses: NDArray[np.float64]
    """The mean loss on the test images at each of them, in nats: float64 (t,)."""
    test_accuracies: NDArray[np.float64]
    """The share of test images classified rightly at each of them, from 0 to 1: float64 (t,)."""
    first_loss: float
    """The loss of the first batch, before any step; NaN before it."""
    epoch_loss: float
    """The mean loss over the last complete epoch; NaN before its end."""
    finite: int
    """1, or 0 once a loss was no finite number."""

    @property
    def accuracy(self) -> float:
        """The accuracy of the last test, from 0 to 1."""
        return float(self.test_accuracies[-1])

    @property
    def test_loss(self) -> float:
        """The loss of the last test."""
        return float(self.test_losses[-1])

    @property
    def end(self) -> float:
        """The mean of the last tenth of the losses; NaN before the first step."""
        return (
            float(self.losses[-max(len(self.losses) // 10, 1) :].mean()) if self.step else math.nan
        )

    @property
    def highest(self) -> float:
        """The greatest loss of a bucket; NaN before the first step."""
        return float(self.losses.max()) if len(self.losses) else math.nan

    @property
    def shape(self) -> str:
        """What the losses did, "" before the first step; the first of these that is true.

        "climbs": they fell and then rose again. "explodes": they rose far above their start, and
        did not come back below half of it. "flat": most of the start is left. "creeps":
        more than half of it is left. "falls": the rest. The end is the mean of the last tenth.
        """
        if not len(self.losses):
            return ""
        tenth = max(len(self.losses) // 10, 1)
        starts = range(0, len(self.losses) - tenth + 1, tenth)
        lowest = min(float(self.losses[at : at + tenth].mean()) for at in starts)
        end, start = self.end, self.first_loss
        if self.finite and lowest < 0.6 * start and end > max(2 * lowest, start / 2):
            return "climbs"
        if not self.finite or (self.highest > 3 * start and end > start / 2):
            return "explodes"
        if end <= start / 2:
            return "falls"
        return "flat" if end > 0.8 * start else "creeps"

    @property
    def sketch(self) -> str:
        """The shape, drawn; the texts draw it in the same way."""
        return SKETCHES[self.shape]


@dataclass(frozen=True)
class Evaluation(Frame):
    """What a network is worth on some images."""

    step: int
    """How many steps the network was trained."""
    loss: float
    """The mean cross-entropy in nats."""
    confusion: NDArray[np.int64]
    """How many images of true class i were taken for class j: int64 (10, 10)."""
    worst: NDArray[np.uint8]
    """The worst errors first, those of the greatest loss, at most 24: uint8 (n, 28, 28)."""
    worst_true: NDArray[np.int64]
    """Their classes: int64 (n,)."""
    worst_predicted: NDArray[np.int64]
    """What the network took them for: int64 (n,)."""
    worst_probability: NDArray[np.float64]
    """How sure it was of that, from 0 to 1: float64 (n,)."""

    @property
    def count(self) -> int:
        """How many images there are."""
        return int(self.confusion.sum())

    @property
    def errors(self) -> int:
        """How many of them were classified wrongly."""
        return int(self.confusion.sum() - self.confusion.trace())

    @property
    def accuracy(self) -> float:
        """The share classified rightly, from 0 to 1."""
        return float(self.confusion.trace() / self.confusion.sum())

    @property
    def class_accuracies(self) -> NDArray[np.float64]:
        """The share of each true class that was classified rightly: float64 (10,)."""
        right: NDArray[np.float64] = self.confusion.diagonal() / self.confusion.sum(axis=1)
        return right

    @property
    def best_class(self) -> int:
        """The class with the greatest share classified rightly."""
        return int(self.class_accuracies.argmax())

    @property
    def worst_class(self) -> int:
        """The class with the least share classified rightly."""
        return int(self.class_accuracies.argmin())

    @property
    def surest_error(self) -> float:
        """The greatest probability that the network gave to one of these wrong answers."""
        return float(self.worst_probability.max()) if len(self.worst_probability) else math.nan


@dataclass(frozen=True)
class Weights(Frame):
    """Weights of the first layer, or their changes, as images: what each unit looks for."""

    images: NDArray[np.float32]
    """Those from every pixel to some units, at most 24 units: float32 (n, 28, 28)."""
    first: int
    """The number of the first of them."""
    units: int
    """How many units the layer has."""
    limit: float
    """The greatest absolute value among these images."""
    step: int
    """How many steps the network was trained."""
    neighbours: float
    """The correlation of what pixels side by side have, over all units, −1 to 1; NaN if nothing."""


@dataclass(frozen=True)
class Reading(Frame):
    """A drawing, made into an image as MNIST's were, and what the network takes it for."""

    raw: NDArray[np.uint8]
    """The drawing as it is: uint8 (28, 28), 0 or 255."""
    prepared: NDArray[np.uint8]
    """The image that the network sees: uint8 (28, 28)."""
    probabilities: NDArray[np.float32]
    """The probability of each class: float32 (10,); NaN where nothing is drawn."""
    step: int
    """How many steps the network was trained."""

    @property
    def digit(self) -> int:
        """The most probable class; −1 where nothing is drawn."""
        return int(self.probabilities.argmax()) if self.raw.any() else -1

    @property
    def probability(self) -> float:
        """Its probability; NaN where nothing is drawn."""
        return float(self.probabilities.max())


@dataclass(frozen=True)
class Fetching(Frame):
    """The download of MNIST so far."""

    received: int
    """How many bytes are there."""
    size: int
    """How many there are in all; 0 while that is not known."""

    @property
    def megabytes(self) -> float:
        """What is there, in millions of bytes."""
        return self.received / 1e6

    @property
    def all_megabytes(self) -> float:
        """What there is in all, in millions of bytes."""
        return self.size / 1e6


TASKS = {
    "imports": Task(Nothing, Imports),
    "data": Task(Sample, Images),
    "batches": Task(Loading, Batch),
    "model": Task(Network, Parameters),
    "forward": Task(OneImage, Forward),
    "curve": Task(ShortRun, Curve, streams=True),
    "train": Task(Training, RunFrame, streams=True, trains=Course),
    "evaluate": Task(Exam, Evaluation),
    "weights": Task(Units, Weights),
    "draw": Task(Ink, Reading),
    "fetch": Task(Nothing, Fetching, streams=True),
}
"""What can be computed, each by the function of the same name in `compute`."""

REMEDIES = {"error.data.no_mnist": "fetch"}
"""The task that gets what is missing, by the error that says so."""


def even_batches(lab: Lab, frame: Frame) -> bool:
    """Several batches of at least 32 images, all of the same size."""
    return (
        isinstance(frame, Batch)
        and frame.batches > 1
        and frame.last_size == lab.batch_size
        and lab.batch_size >= 32
    )


def lean_and_deep(lab: Lab, frame: Frame) -> bool:
    """Two hidden layers, and fewer than 110,000 parameters."""
    return isinstance(frame, Parameters) and len(lab.widths) == 2 and frame.total < 110_000


def good_rate(lab: Lab, frame: Frame) -> bool:
    """Plain SGD gets nine of ten test images right after one epoch."""
    return (
        isinstance(frame, Curve)
        and (lab.optimizer, lab.epochs, lab.fault) == ("sgd", 1, "none")
        and frame.epoch == 1
        and frame.accuracy >= 0.9
    )


def too_large(lab: Lab, frame: Frame) -> bool:
    """A sound loop with Adam whose loss explodes."""
    return (
        isinstance(frame, Curve)
        and (lab.optimizer, lab.fault) == ("adam", "none")
        and frame.epoch > 0
        and frame.shape == "explodes"
    )


def small_and_good(lab: Lab, frame: Frame) -> bool:
    """At least 92 % on the test images with fewer than 60,000 parameters."""
    return isinstance(frame, Curve) and frame.parameters < 60_000 and frame.accuracy >= 0.92


def trained_well(lab: Lab, frame: Frame) -> bool:
    """At least 94 % on the test images, in a run or in an examination."""
    if isinstance(frame, Evaluation):
        return (lab.split, lab.mode) == ("test", "eval") and frame.accuracy >= 0.94
    return isinstance(frame, RunFrame) and frame.test_accuracy >= 0.94


def read_rightly(lab: Lab, frame: Frame) -> bool:
    """A drawing that the network is 90 % sure of."""
    return isinstance(frame, Reading) and frame.digit >= 0 and frame.probability >= 0.9


def sure_of_a_scrap(lab: Lab, frame: Frame) -> bool:
    """A drawing of at most five pixels, and the network is 90 % sure that it is no 1."""
    return (
        isinstance(frame, Reading)
        and 0 < int((frame.raw > 0).sum()) <= 5
        and frame.digit != 1
        and frame.probability >= 0.9
    )


CHECKS = {
    "even_batches": even_batches,
    "lean_and_deep": lean_and_deep,
    "good_rate": good_rate,
    "too_large": too_large,
    "small_and_good": small_and_good,
    "trained_well": trained_well,
    "read_rightly": read_rightly,
    "sure_of_a_scrap": sure_of_a_scrap,
}
"""The predicates of the guided tasks by name."""
