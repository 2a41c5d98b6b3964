"""Train one pair of networks on one data set into a folder that explains itself: what `gancourse train` does."""

import io
import json
import os
import signal
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gancourse import checkpoints, data, doctor, metrics, ruler
from gancourse.loop import History, Log, draw_noise, train_rounds
from gancourse.pt import losses, models, parallel
from gancourse.pt.train import GAN, Penalty, load_state, make_gan, sample, state
from gancourse.training import check_same_game, check_split

NETWORKS = {"mlp": models.mlp_pair, "dcgan": models.dcgan_pair, "shallow": models.shallow_pair}
MEASURED = 5000  # samples and real images behind a distance


def train(settings: dict[str, Any], folder: Path, again: bool = False) -> dict:
    """Train as the settings of `gancourse.training` say and return the record of the run, the content of run.json.

    Under torchrun, every process calls this.  A folder that holds an unfinished run with the same settings is gone
    on with, whatever the number of processes.  Raises ValueError for settings that do not fit and for losses that
    are no numbers any more, GroupBroken when another process is gone; the last checkpoint then stays.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    with _told_why(folder, size):
        check_split(settings["batch_size"], size)
        data.check_name(settings["dataset"])
        there = next(path for path in (folder, *folder.parents) if path.exists())
        tempfile.TemporaryFile(dir=there).close()  # where no file can be made, say so now, not at the first checkpoint
        run = folder / "checkpoint.safetensors"
        saved = checkpoints.load_run(run) if run.is_file() and not again else None
        if saved:
            check_same_game(settings, saved.facts["settings"], folder)
        group = parallel.join(settings["device"], settings["threads"], settings["timeout"])
        images = data.load(settings["dataset"], resolution=settings["resolution"], seed=settings["seed"])
        gan = build(settings, images.shape, group)
        if saved and group.rank == 0:
            load_state(gan, saved.arrays)
        about = json.dumps(settings) + str(zlib.crc32(images.x_train[:10_000])) + str(images.x_train.shape)
        start = parallel.agree(gan, saved.step if saved else 0, group, about)
        history, seconds = (saved.history, saved.facts["seconds"]) if saved else (History(), 0.0)
        if start > settings["num_steps"]:
            raise ValueError(f"{folder} has already gone {start} steps: give --num-steps {start} or more, another "
                             "--out, or --again to start anew")
        clock = time.perf_counter()
        for log in play(gan, images.x_train, settings, group, start):
            if group.rank == 0:
                history.append(log)
                (folder / "run.json").unlink(missing_ok=True)  # of a shorter run, or of another
                passed = seconds + time.perf_counter() - clock
                checkpoints.save_run(run, state(gan), history, settings=settings, seconds=passed)
                checkpoints.write_atomically(folder / "samples.png", _picture(gan))
        trained = time.perf_counter() - clock
        parallel.leave(group)
    if group.rank:
        return {}
    if start == settings["num_steps"] and (folder / "run.json").is_file():
        return json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record = {
        "settings": settings, "processes": group.size, "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if group.device.type == "cuda" else "cpu",
        "steps": history[-1].step, "losses": history[-1].scalars, "results": distances(gan, images),
        "seconds": round(seconds + trained, 2), "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "images_per_second": round((settings["num_steps"] - start) * settings["batch_size"] / trained, 1),
        "versions": doctor.versions(),
    }
    checkpoints.write_atomically(folder / "run.json", json.dumps(record, indent=1).encode())
    return record


def build(settings: dict[str, Any], shape: tuple[int, int, int], group: parallel.Group) -> GAN:
    """Return the GAN that the settings describe, for images of `shape`, on the group's device."""
    if settings["sync_batchnorm"] and group.device.type != "cuda":
        raise ValueError("--sync-batchnorm needs GPUs: PyTorch's SyncBatchNorm runs there only.  Leave it out; each "
                         "process then normalises by its own rows")
    pair = models.seeded(NETWORKS[settings["network"]], settings["z_dim"], shape, settings["width"],
                         seed=settings["seed"])
    if settings["sync_batchnorm"]:
        pair = [torch.nn.SyncBatchNorm.convert_sync_batchnorm(net) for net in pair]
    G, D = (net.to(group.device, memory_format=torch.channels_last) for net in pair)
    return make_gan(G, D, z_dim=settings["z_dim"], learning_rate=settings["learning_rate"],
                    betas=(settings["beta1"], 0.99), ema=settings["ema"], seed=settings["seed"])


def play(gan: GAN, x: np.ndarray, settings: dict[str, Any], group: parallel.Group, start: int = 0) -> Iterator[Log]:
    """Train from step `start` on, and yield a log now and then, when all processes hold the same."""
    r1 = Penalty(lambda D, real, fake: losses.r1_penalty(D, real), settings["r1_gamma"] / 2, every=8)
    num_steps, rate = settings["num_steps"], settings["learning_rate"]
    rounds = parallel.make_shared_rounds(
        gan, x, group, batch_size=settings["batch_size"], loss=losses.LOSSES[settings["loss"]],
        penalty=r1 if settings["r1_gamma"] else None, precision=settings["precision"],
        schedule=lambda k: rate * min(1.0, (1 - k / num_steps) / 0.6))
    for log in train_rounds(rounds, num_steps=num_steps, start=start, progress=group.rank == 0,
                            log_every=settings["log_every"] or max(1, num_steps // 20)):
        parallel.check_in_sync(gan, group)
        parallel.average_statistics(gan, group)
        yield log


def distances(gan: GAN, images: data.Dataset) -> dict[str, float]:
    """Return the Frechet distance between samples and held-out images in the course's own features (lesson 06).

    A small set is compared with its training images; one of fewer than 1,000 has no distance worth the name: {}.
    """
    real = images.x_test if len(images.x_test) >= 1000 else images.x_train
    if len(real) < 1000:
        return {}
    lenet, n = ruler.load(images), min(MEASURED, len(real))
    distance = metrics.frechet_distance(lenet.features(sample(gan, n)), lenet.features(real[:n]))
    return {f"Frechet distance of {n} samples": round(distance, 2)}


def _picture(gan: GAN) -> bytes:
    """64 samples of the same z as a PNG."""
    from PIL import Image

    from gancourse.plots import tile

    buffer = io.BytesIO()
    Image.fromarray(tile(sample(gan, draw_noise(64, gan.z_dim, gan.seed, 2**31)), 8)).save(buffer, "PNG")
    return buffer.getvalue()


@contextmanager
def _told_why(folder: Path, size: int) -> Iterator[None]:
    """Turn the end of another process, and losses that are no numbers, into words and what to do about it."""
    def ended(*_):
        raise parallel.GroupBroken("ended from outside; torchrun does so when another process has died")

    before = signal.signal(signal.SIGTERM, ended) if size > 1 else None
    try:
        yield
    except parallel.GroupBroken as error:
        path = folder / "checkpoint.safetensors"
        kept = f"what was saved last is in {path}" if path.is_file() else "nothing had been saved yet"
        raise parallel.GroupBroken(f"{error}.\n  Training stops; {kept}.  The same command goes on from there, "
                                   "with any number of processes.") from error
    except FloatingPointError as error:
        raise ValueError(str(error)) from error
    finally:
        if size > 1:
            signal.signal(signal.SIGTERM, before)
