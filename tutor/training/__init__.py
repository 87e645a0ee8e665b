"""Training a network on small images: as a library, and as runs that outlive their process.

It knows no screen. `config`, `events`, `controls`, `journal`, `follower`, `run_directory` and
`export` need no torch, so whoever only follows a run does not load it.

Train in this process, and look at what happens:

    import torch
    from tutor.data.images import load
    from tutor.training.batches import place
    from tutor.training.config import Config
    from tutor.training.events import Progressed, Tested
    from tutor.training.trainer import Trainer

    images = place(load("digits"), torch.device("cpu"))
    trainer = Trainer(Config(hidden="256", epochs=3, lr=0.001), images)
    for event in trainer.events():
        match event:
            case Progressed(step=step, losses=losses):
                print(step, losses.mean())
            case Tested(epoch=epoch, test_accuracy=accuracy):
                print(f"after {epoch} epochs {accuracy:.1%}")
    trainer.model  # an ordinary nn.Module, trained

Or as a run in a directory, which can be followed, steered, killed and resumed:

    from tutor.training.run_directory import Runs
    from tutor.training.train import run

    made = Runs(folder).create(Config(epochs=10))
    run(made, load("digits"))
"""
