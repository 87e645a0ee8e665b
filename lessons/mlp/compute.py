"""What the MNIST lab computes: all pieces from pixels to a trained network, in plain torch."""

from __future__ import annotations

import math
import platform
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lessons.mlp.curves import POINTS, drawn
from lessons.mlp.pen import as_mnist
from lessons.mlp.state import (
    SIDE,
    Batch,
    Evaluation,
    Fetching,
    Forward,
    Images,
    Imports,
    Parameters,
    Reading,
    Recipe,
    Weights,
)
from tutor.compute.device import describe
from tutor.data import images as data_sets
from tutor.data.fetching import fetching
from tutor.errors import ImpossibleError
from tutor.training import batches as on_device
from tutor.training import network as trained_by_runs
from tutor.training.errors import CheckpointError
from tutor.training.randomness import derived
from tutor.training.run_directory import Runs, home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from numpy.typing import NDArray
    from torch import Tensor
    from torch.optim import Optimizer

    from lessons.mlp.state import (
        Curve,
        Exam,
        Ink,
        Loading,
        Network,
        Nothing,
        OneImage,
        Sample,
        ShortRun,
        Trained,
        Training,
        Units,
    )
    from tutor.data.images import ImageSet
    from tutor.run_view import RunFrame
    from tutor.training.batches import Placed

    Loader: TypeAlias = DataLoader[tuple[Tensor, ...]]


class MLP(nn.Module):
    """784 pixels, hidden layers with ReLU, 10 scores."""

    def __init__(self, hidden: tuple[int, ...] = (256,), dropout: float = 0.0) -> None:
        """Make the layers; torch gives them values, `init_param` better ones."""
        super().__init__()
        widths = (SIDE * SIDE, *hidden)
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.output = nn.Linear(widths[-1], 10)
        self.dropout = nn.Dropout(dropout)

    def init_param(self, seed: int) -> None:
        """Draw weights of variance 2/inputs before a ReLU, 1/inputs else; biases are 0."""
        generator = torch.Generator().manual_seed(derived(seed, "weights"))
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                gain = 1 if layer is self.output else math.sqrt(2)  # a ReLU halves what passes
                std = gain / math.sqrt(layer.in_features)
                nn.init.normal_(layer.weight, std=std, generator=generator)
                nn.init.zeros_(layer.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Return scores (N, 10), called logits, for images (N, 28, 28)."""
        x = images.flatten(1)  # (N, 784)
        for layer in self.hidden:
            x = self.dropout(torch.relu(layer(x)))  # (N, 256)
        logits: Tensor = self.output(x)  # (N, 10)
        return logits


def train_epoch(model: nn.Module, loader: Loader, optimizer: Optimizer) -> Iterator[float]:
    """Show the network every image once, and yield the loss of each batch."""
    model.train()
    for images, labels in loader:
        optimizer.zero_grad()  # forget the gradients of the last batch
        loss = F.cross_entropy(model(images), labels)  # forward: logits in, no softmax
        loss.backward()  # a gradient for every parameter
        optimizer.step()  # and a step against it
        yield loss.item()


def test(model: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return the loss and the accuracy of a network on some images."""
    model.eval()  # dropout off
    with torch.no_grad():  # nothing is recorded for a backward()
        logits = model(images)
        loss = F.cross_entropy(logits, labels).item()
        _, predicted = logits.max(dim=1)  # the greatest score of each row, and where it stands
        accuracy = (predicted == labels).float().mean().item()
    model.train()  # as it was: training may go on
    return loss, accuracy


def imports(params: Nothing, device: torch.device) -> Imports:
    """Say what computes here, and put a first tensor there."""
    tensor = torch.arange(6.0, device=device).reshape(2, 3)
    return Imports(
        python=platform.python_version(),
        torch=torch.__version__,
        numpy=np.__version__,
        device=tensor.device.type,
        name=describe(device),
        threads=torch.get_num_threads(),
        tensor=repr(tensor),
        product=repr(tensor @ tensor.T),
    )


def data(params: Sample, device: torch.device) -> Images:
    """Look at a data set: some images of each class, how many there are, how dark they are."""
    found = loaded(params.data)
    places = [np.flatnonzero(found.train_labels == digit) for digit in range(10)]
    shown = [
        np.take(place, range(params.offset, params.offset + 8), mode="wrap")
        for place in places
        if len(place)
    ]
    mean, std = on_device.scale(found.train_images)
    return Images(
        samples=np.stack([found.train_images[some] for some in shown]),
        train_counts=np.bincount(found.train_labels, minlength=10),
        test_counts=np.bincount(found.test_labels, minlength=10),
        shape=str(found.train_images.shape),
        dtype=str(found.train_images.dtype),
        mean=mean,
        std=std,
        background=float((found.train_images == 0).mean()),
    )


def batches(params: Loading, device: torch.device) -> Batch:
    """Take one batch from a DataLoader.

    Raises:
        ImpossibleError: `no_such_batch`, if an epoch has fewer.
    """
    train = placed(params.data, device).train
    places = torch.arange(len(train), device=device)  # to see where an image came from
    dataset = TensorDataset(train.images, train.labels, places)
    loader = DataLoader(
        dataset,
        batch_size=params.batch_size,
        shuffle=params.shuffle == "on",
        generator=torch.Generator().manual_seed(params.seed),
    )
    if params.batch >= len(loader):
        raise ImpossibleError("no_such_batch", batch=params.batch, batches=len(loader))
    for _ in range(params.epoch):  # each `iter` draws a new order
        order = iter(loader)
    for _ in range(params.batch + 1):
        images, labels, indices = next(order)
    shown = indices[:64].cpu().numpy()
    return Batch(
        images=loaded(params.data).train_images[shown],
        labels=labels[:64].cpu().numpy(),
        indices=shown,
        shape=str(tuple(images.shape)),
        dtype=str(images.dtype),
        label_shape=str(tuple(labels.shape)),
        label_dtype=str(labels.dtype),
        size=len(images),
        batches=len(loader),
        last_size=len(dataset) - (len(loader) - 1) * params.batch_size,
        total=len(dataset),
        mean=images.mean().item(),
        std=images.std().item(),
        class_counts=labels.bincount(minlength=10).cpu().numpy(),
    )


def model(params: Network, device: torch.device) -> Parameters:
    """List the parameters of a new network, as torch makes them and after `init_param`."""
    torch.manual_seed(params.seed)
    network = MLP(params.widths)
    before = [spread(one) for one in network.parameters()]
    network.init_param(params.seed)
    named = dict(network.named_parameters())
    after = [spread(one) for one in named.values()]
    return Parameters(
        names=tuple(named),
        shapes=tuple(str(tuple(one.shape)) for one in named.values()),
        counts=np.array([one.numel() for one in named.values()]),
        means_before=np.array([mean for mean, _ in before]),
        stds_before=np.array([std for _, std in before]),
        means=np.array([mean for mean, _ in after]),
        stds=np.array([std for _, std in after]),
        values=np.stack([beginning(one) for one in named.values()]),
    )


def forward(params: OneImage, device: torch.device) -> Forward:
    """Send one test image through a network, and note what it is at each station.

    Raises:
        ImpossibleError: `no_such_image`, or why there is no network.
    """
    found = loaded(params.data)
    if params.image >= len(found.test_images):
        raise ImpossibleError("no_such_image", image=params.image, images=len(found.test_images))
    network, step, mean, std = chosen(params, device)
    image = found.test_images[params.image]  # numpy, uint8 (28, 28)
    label = torch.tensor([int(found.test_labels[params.image])], device=device)
    seen: dict[str, Tensor] = {}
    network.eval()
    with torch.no_grad():
        x = torch.tensor(image, device=device).unsqueeze(0)  # a batch of one: (1, 28, 28)
        x = seen["tensor"] = (x.float() / 255 - mean) / std
        x = seen["flatten"] = x.flatten(1)  # (1, 784)
        for number, layer in enumerate(network.hidden):
            x = seen[f"hidden.{number}"] = torch.relu(layer(x))  # (1, 256)
        logits = seen["output"] = network.output(x)  # (1, 10)
        seen["softmax"] = torch.softmax(logits, dim=1)  # they sum to 1 over the classes
    answer = seen["softmax"].squeeze(0).cpu().numpy()  # numpy again, float32 (10,)
    stations = {"image": image, **seen, "numpy": answer}
    return Forward(
        image=image,
        label=int(label),
        stages=tuple(stations),
        shapes=tuple(str(tuple(one.shape)) for one in stations.values()),
        kinds=tuple(kind(one) for one in stations.values()),
        lows=np.array([float(one.min()) for one in stations.values()]),
        highs=np.array([float(one.max()) for one in stations.values()]),
        hidden=x.squeeze(0).cpu().numpy(),
        logits=logits.squeeze(0).cpu().numpy(),
        probabilities=answer,
        loss=F.cross_entropy(logits, label).item(),
        step=step,
    )


def curve(params: ShortRun, device: torch.device) -> Iterator[Curve]:
    """Train a new network, and yield its curves as they grow.

    Yields:
        The run so far, after some steps and after each epoch; it ends early where the loss is no
        finite number any more.
    """
    torch.manual_seed(params.seed)  # what dropout draws from
    images, network, optimizer, loader = prepared(params, device)
    losses = np.empty(params.epochs * len(loader))
    tests = [test(network, images.test.images, images.test.labels)]
    step = 0
    yield drawn(losses[:step], tests, network, loader, params.epochs)
    for _ in range(params.epochs):
        for loss in loop(network, loader, optimizer, params.fault):
            losses[step] = loss
            step += 1
            if not math.isfinite(loss):
                yield drawn(losses[:step], tests, network, loader, params.epochs)
                return
            if step % max(len(losses) // POINTS, 1) == 0:
                yield drawn(losses[:step], tests, network, loader, params.epochs)
        tests.append(test(network, images.test.images, images.test.labels))
        yield drawn(losses[:step], tests, network, loader, params.epochs)


def train(params: Training, device: torch.device) -> Iterator[RunFrame]:
    """Follow a training run: a process of its own, which trains as `curve` does, and saves.

    It does `for event in Trainer(Config(…), images).events()` of `tutor.training`, as the command
    `tutor train` does, and writes each event into a journal, which is read here.
    """
    from tutor.training.watch import watch  # noqa: PLC0415

    return watch(params, device)


def evaluate(params: Exam, device: torch.device) -> Evaluation:
    """Examine a network: how often it is right, what it takes for what, its worst errors.

    Raises:
        ImpossibleError: why there is no network.
    """
    found = loaded(params.data)
    network, step, mean, std = chosen(params, device)
    pixels, classes = (
        (found.test_images, found.test_labels)
        if params.split == "test"
        else (found.train_images, found.train_labels)
    )
    images = on_device.normalised(torch.tensor(pixels, device=device), mean, std)
    labels = torch.tensor(classes, device=device).long()
    torch.manual_seed(params.seed)  # what dropout draws from, if it was left on
    network.train(params.mode == "train")
    with torch.no_grad():
        logits = network(images)
    losses = F.cross_entropy(logits, labels, reduction="none")
    probabilities = torch.softmax(logits, dim=1)
    confidence, predicted = probabilities.max(dim=1)
    confusion = (labels * 10 + predicted).bincount(minlength=100).reshape(10, 10)
    wrong = (predicted != labels).nonzero().squeeze(1)
    worst = wrong[losses[wrong].argsort(descending=True, stable=True)][:24]
    return Evaluation(
        step=step,
        loss=losses.mean().item(),
        confusion=confusion.cpu().numpy(),
        worst=pixels[worst.cpu().numpy()],
        worst_true=labels[worst].cpu().numpy(),
        worst_predicted=predicted[worst].cpu().numpy(),
        worst_probability=confidence[worst].double().cpu().numpy(),
    )


def weights(params: Units, device: torch.device) -> Weights:
    """Look at the first layer's weights: 784 to a unit, so each unit's make an image.

    Raises:
        ImpossibleError: why there is no network.
    """
    network, step, _, _ = chosen(params, device)
    layer = next(network.parameters()).detach().cpu()  # (256, 784)
    if params.show == "change":
        new = MLP((len(layer),))
        new.init_param(seed_of(params))
        layer = layer - next(new.parameters()).detach()
    layer = layer.reshape(-1, SIDE, SIDE)
    first = max(min(params.unit, len(layer) - 24), 0)
    shown = layer[first : first + 24]
    side_by_side = torch.stack([layer[:, :, :-1].flatten(), layer[:, :, 1:].flatten()])
    return Weights(
        images=shown.numpy(),
        first=first,
        units=len(layer),
        limit=shown.abs().max().item(),
        step=step,
        neighbours=side_by_side.corrcoef()[0, 1].item(),
    )


def draw(params: Ink, device: torch.device) -> Reading:
    """Read a drawing: make it an image as MNIST's were made, and ask a network.

    Raises:
        ImpossibleError: `untrained`, if no network was trained; or why there is none.
    """
    if not params.run and not params.trained:
        raise ImpossibleError("untrained")
    network, step, mean, std = chosen(params, device)
    bits = bin(int(params.ink.ljust(196, "0"), 16) | 1 << 784)[3:]
    raw = torch.tensor([int(bit) for bit in bits], device=device).reshape(SIDE, SIDE)
    image = as_mnist(raw)
    network.eval()
    with torch.no_grad():
        logits = network((image.float().unsqueeze(0) / 255 - mean) / std)
    answer = torch.softmax(logits, dim=1).squeeze(0)
    if not raw.any():
        answer = torch.full_like(answer, torch.nan)
    return Reading(
        raw=(255 * raw).to(torch.uint8).cpu().numpy(),
        prepared=image.cpu().numpy(),
        probabilities=answer.cpu().numpy(),
        step=step,
    )


def fetch(params: Nothing, device: torch.device) -> Iterator[Fetching]:
    """Download what is missing of MNIST.

    Raises:
        TutorError: if no mirror gives it, or it cannot be written.
    """
    seen = Fetching(received=0, size=0)
    for progress in fetching():
        if progress is not None:
            seen = Fetching(received=progress.all_received, size=progress.all_size)
        yield seen
    yield seen


def prepared(params: Recipe, device: torch.device) -> tuple[Placed, MLP, Optimizer, Loader]:
    """Return what training needs: images, a new network, its optimizer, a loader of batches."""
    images = placed(params.data, device)
    network = MLP(params.widths, params.dropout)
    network.init_param(params.seed)
    network.to(device)
    loader = DataLoader(
        TensorDataset(images.train.images, images.train.labels),
        batch_size=params.batch_size,
        shuffle=True,
        generator=torch.Generator().manual_seed(params.seed),
    )
    match params.optimizer:
        case "adam":
            optimizer: Optimizer = torch.optim.Adam(network.parameters(), lr=params.lr)
        case "momentum":
            optimizer = torch.optim.SGD(network.parameters(), lr=params.lr, momentum=0.9)
        case _:
            optimizer = torch.optim.SGD(network.parameters(), lr=params.lr)
    return images, network, optimizer, loader


def loop(network: nn.Module, loader: Loader, optimizer: Optimizer, fault: str) -> Iterator[float]:
    """Train one epoch, with a mistake in the loop if one is asked for."""
    if fault == "none":
        yield from train_epoch(network, loader, optimizer)
        return
    network.train()
    for images, labels in loader:
        if fault != "no_zero_grad":
            optimizer.zero_grad()
        logits = network(images)
        if fault == "softmax":
            logits = torch.softmax(logits, dim=1)
        reduction = "sum" if fault == "sum" else "mean"
        loss = F.cross_entropy(logits, labels, reduction=reduction)
        loss.backward()
        optimizer.step()
        yield loss.item()


def spread(tensor: Tensor) -> tuple[float, float]:
    """Return the mean of a tensor's values and their standard deviation."""
    return tensor.mean().item(), tensor.std(correction=0).item()


def beginning(tensor: Tensor) -> NDArray[np.float32]:
    """Return the first four values of a tensor; NaN for those that it has not."""
    first = tensor.detach().flatten()[:4]
    values: NDArray[np.float32] = F.pad(first, (0, 4 - len(first)), value=torch.nan).numpy()
    return values


def kind(array: Tensor | NDArray[Any]) -> str:
    """Return what an array is: "torch float32", say."""
    library = "torch" if isinstance(array, torch.Tensor) else "numpy"
    return f"{library} {str(array.dtype).removeprefix('torch.')}"


def seed_of(params: Trained) -> int:
    """Return what the weights of the network to look at started from."""
    return Runs(home()).find(params.run).config().seed if params.run else params.seed


def chosen(params: Trained, device: torch.device) -> tuple[MLP, int, float, float]:
    """Return the network to look at, its steps, and the mean and deviation of its pixels.

    Raises:
        ImpossibleError: `no_checkpoint`, if the run has none.
    """
    if not params.run:
        return trained_here(params.narrowed(Recipe), params.trained, device)
    run = Runs(home()).find(params.run)
    try:
        found = trained_by_runs.load(run)
    except CheckpointError:
        raise ImpossibleError("no_checkpoint", run=params.run) from None
    config = run.config()
    network = MLP(config.widths, config.dropout)
    network.load_state_dict(found.model.state_dict())
    return network.to(device), found.step, found.mean, found.std


@lru_cache(maxsize=8)
def trained_here(
    params: Recipe, epochs: int, device: torch.device
) -> tuple[MLP, int, float, float]:
    """Train a new network for some epochs; it is kept for the next look."""
    torch.manual_seed(params.seed)
    images, network, optimizer, loader = prepared(params, device)
    for _ in range(epochs):
        for _ in train_epoch(network, loader, optimizer):
            pass
    return network, epochs * len(loader), images.mean, images.std


@lru_cache(maxsize=2)
def loaded(name: str) -> ImageSet:
    """Return the images of a name; they are read once."""
    return data_sets.load(name)


@lru_cache(maxsize=2)
def placed(name: str, device: torch.device) -> Placed:
    """Return them as normalised tensors on the device; they are put there once."""
    return on_device.place(loaded(name), device)
