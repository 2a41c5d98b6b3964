"""Train one pair of networks on one data set into a folder that explains itself: what `gancourse train` does."""

import copy
import io
import json
import os
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gancourse import checkpoints, data, files, metrics, system
from gancourse.course.snapshots import Saver
from gancourse.course.train_options import check_same_game, check_same_images, digest_of, notes
from gancourse.errors import CourseError
from gancourse.loop import History, Log, draw_noise, train_fast
from gancourse.metrics import feature_net
from gancourse.pt import losses, models, parallel
from gancourse.pt.parallel import check_split
from gancourse.pt.train import GAN, Penalty, load_state, make_gan, sample, state

NETWORKS = {"mlp": models.mlp_pair, "dcgan": models.dcgan_pair, "shallow": models.shallow_pair}
CHECKPOINT, RECORD, LOCK = "checkpoint.safetensors", "run.json", ".lock"
MEASURED = 5000  # samples and real images behind a distance


def train(settings: dict[str, Any], folder: Path, force: bool = False) -> dict:
    """Train as the settings of `gancourse.course.train_options` say and return the record of the run, the content of run.json.

    Under torchrun, every process calls this.  A folder that holds an unfinished run with the same
    settings and the same images is gone on with, whatever the number of processes.  Ctrl-C and SIGTERM
    leave a checkpoint of the last log and end in KeyboardInterrupt.  Raises CourseError for settings that
    do not fit, a folder that another process is at work in, images that have changed, and losses that
    are no numbers any more; OSError when a checkpoint cannot be written (a full disk); GroupBroken when
    another process is gone.  The last good checkpoint then stays.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    with _told_why(folder, size), ExitStack() as until_the_end:
        check_split(settings["batch_size"], size)
        data.check_name(settings["dataset"])
        there = next(path for path in (folder, *folder.parents) if path.exists())
        tempfile.TemporaryFile(dir=there).close()  # where no file can be made, say so now, not at the first checkpoint
        group = parallel.join(settings["device"], settings["threads"], settings["timeout"])

        def take_folder() -> checkpoints.Run | None:
            until_the_end.enter_context(_hold(folder, wait=group.size == 1))
            run = folder / CHECKPOINT
            saved = checkpoints.load_run(run) if run.is_file() and not force else None
            if saved:
                check_same_game(settings, saved.facts["settings"], folder)
            return saved

        saved = _by_process_0(group, take_folder)
        images = data.load(settings["dataset"], resolution=settings["resolution"], seed=settings["seed"])
        digest = digest_of(images)

        def check_images() -> None:
            if saved:
                check_same_images(settings["dataset"], digest, saved.facts.get("images", ""), folder)

        _by_process_0(group, check_images)
        gan = build(settings, images.shape, group)
        if saved:
            load_state(gan, saved.arrays)
        start = parallel.broadcast_state(gan, saved.step if saved else 0, group, json.dumps(settings) + digest)
        if start > settings["num_steps"]:
            raise CourseError(f"{folder} has already gone {start} steps: give --num-steps {start} or more, another "
                             "--out, or --force to start anew")
        finished = start == settings["num_steps"] and (folder / RECORD).is_file()
        if saved:
            for note in notes(settings, saved.facts["settings"], start, finished, folder):
                warnings.warn(note, stacklevel=2)
        if finished:
            parallel.leave(group)
            return json.loads((folder / RECORD).read_text(encoding="utf-8")) if group.rank == 0 else {}
        history = saved.history if saved else History()
        before = saved.facts["seconds"] if saved else 0.0
        seconds, stepping = _train_and_save(gan, images, settings, group, folder, start, history, before, digest)
        parallel.leave(group)
        if group.rank:
            return {}
        played = (settings["num_steps"] - start) * settings["batch_size"]
        record = {
            "settings": settings, "processes": group.size, "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name() if group.device.type == "cuda" else "cpu",
            "inputs": {"dataset": settings["dataset"], "images": len(images.x_train), "digest": digest},
            "steps": history[-1].step, "losses": history[-1].scalars, "results": distances(gan, images),
            "seconds": round(seconds, 2), "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "images_per_second": round(played / stepping, 1) if stepping else 0.0,  # without checkpoints and pictures
            "versions": system.library_versions(), "machine": system.hardware(),
        }
        checkpoints.write_atomically(folder / RECORD, json.dumps(record, indent=1).encode())
        return record


def _train_and_save(gan: GAN, images: data.Dataset, settings: dict[str, Any], group: parallel.Group, folder: Path,
                    start: int, history: History, before: float, digest: str) -> tuple[float, float]:
    """Train from step `start` on and save now and then; return the run's seconds in all, and those of its new steps.

    `before` are the seconds of earlier parts of the run.  The history grows in place.
    """
    began, stepping = time.perf_counter(), 0.0

    def fetch(snapshot: tuple[GAN, History, float]) -> tuple:
        twin, logs, seconds = snapshot
        return state(twin), sample(twin, draw_noise(64, twin.z_dim, twin.seed, 2**31)), logs, seconds

    def write(fetched: tuple) -> None:
        arrays, samples, logs, seconds = fetched
        (folder / RECORD).unlink(missing_ok=True)  # of a shorter run, or of another
        checkpoints.save_run(folder / CHECKPOINT, arrays, logs, settings=settings, seconds=seconds, images=digest)
        checkpoints.write_atomically(folder / "samples.png", _picture(samples))

    with Saver(fetch, write, settings["save_every"]) as saver:
        resumed = time.perf_counter()
        for log in play(gan, images.x_train, settings, group, start):
            stepping += time.perf_counter() - resumed
            if group.rank == 0:
                history.append(log)
                # a copy on the device costs about a thousandth of a second; the host waits only when it is written
                passed = before + time.perf_counter() - began
                saver.keep((copy.deepcopy(gan), History(history), passed))
            resumed = time.perf_counter()
    return before + time.perf_counter() - began, stepping


@contextmanager
def _hold(folder: Path, wait: bool) -> Iterator[None]:
    """Hold a run's folder, made if need be; one that was made here and got nothing in it is removed.

    Where another process is at work there, that is said and waited for, or CourseError says so.
    """
    lock, made = folder / LOCK, not folder.exists()
    with ExitStack() as ends:
        if made:
            ends.callback(_remove_if_empty, folder)
        try:
            ends.enter_context(files.hold(lock, str(folder), wait=wait))
        except files.Busy as error:
            raise CourseError(f"{files.holder(lock)} is at work on {folder}: wait until that has ended, or give "
                              "another --out") from error
        try:
            yield
        finally:
            if made and folder.is_dir() and all(path.name.startswith(LOCK) for path in folder.iterdir()):
                lock.unlink(missing_ok=True)  # while it is held: whoever waits for it looks for the file again


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder; one in which somebody else has just begun stays."""
    with suppress(OSError):
        folder.rmdir()


def _by_process_0(group: parallel.Group, do: Callable[[], Any]) -> Any:
    """Let process 0 do something and return what it returns there, None in the others.

    Where it raises ValueError or OSError, all processes raise, so that none waits for the others.
    """
    result, error = None, None
    if group.rank == 0:
        try:
            result = do()
        except (ValueError, OSError) as refused:
            error = refused
    failed = parallel.average(torch.tensor([float(error is not None)], device=group.device), group)
    if error:
        raise error
    if failed:
        raise CourseError("process 0 does not begin, and says why")
    return result


def build(settings: dict[str, Any], shape: tuple[int, int, int], group: parallel.Group) -> GAN:
    """Return the GAN that the settings describe, for images of `shape`, on the group's device."""
    if settings["sync_batchnorm"] and group.device.type != "cuda":
        raise CourseError("--sync-batchnorm needs GPUs: PyTorch's SyncBatchNorm runs there only.  Leave it out; each "
                          "process then normalises by its own rows")
    pair = models.seeded(NETWORKS[settings["network"]], settings["z_dim"], shape, settings["width"],
                         seed=settings["seed"])
    if settings["sync_batchnorm"]:
        pair = [torch.nn.SyncBatchNorm.convert_sync_batchnorm(net) for net in pair]
    G, D = (net.to(group.device, memory_format=torch.channels_last) for net in pair)
    return make_gan(G, D, z_dim=settings["z_dim"], learning_rate=settings["learning_rate"],
                    betas=(settings["beta1"], 0.99), ema_decay=settings["ema_decay"], seed=settings["seed"])


def play(gan: GAN, x: np.ndarray, settings: dict[str, Any], group: parallel.Group, start: int = 0) -> Iterator[Log]:
    """Train from step `start` on, and yield a log now and then, when all processes hold the same."""
    r1 = Penalty(lambda D, real, fake: losses.r1_penalty(D, real), settings["r1_gamma"] / 2, interval=8)
    num_steps, rate = settings["num_steps"], settings["learning_rate"]
    run_steps = parallel.make_shared_fast_loop(
        gan, x, group, batch_size=settings["batch_size"], loss=losses.LOSSES[settings["loss"]],
        penalty=r1 if settings["r1_gamma"] else None, precision=settings["precision"],
        schedule=lambda k: rate * min(1.0, (1 - k / num_steps) / 0.6))
    for log in train_fast(run_steps, num_steps=num_steps, start=start, progress=group.rank == 0,
                            log_every=settings["log_every"] or max(1, num_steps // 20)):
        parallel.check_in_sync(gan, group)
        parallel.average_statistics(gan, group)
        yield log


def distances(gan: GAN, images: data.Dataset) -> dict[str, float]:
    """Return the Frechet distance between samples and held-out images in the course's own features (lesson 07).

    A small set is compared with its training images; one of fewer than 1,000 has no distance worth the name: {}.
    """
    real = images.x_test if len(images.x_test) >= 1000 else images.x_train
    if len(real) < 1000:
        return {}
    lenet, n = feature_net.load(images), min(MEASURED, len(real))
    distance = metrics.frechet_distance(lenet.features(sample(gan, n)), lenet.features(real[:n]))
    return {f"Frechet distance of {n} samples": round(distance, 2)}


def _picture(samples: np.ndarray) -> bytes:
    """64 images (64, height, width, channels) in [-1, 1] as one PNG, eight in a row, white lines between them."""
    from PIL import Image

    framed = np.pad(data.to_uint8(samples), ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=255)
    n, height, width, channels = framed.shape
    rows = framed.reshape(n // 8, 8, height, width, channels).transpose(0, 2, 1, 3, 4)
    grid = rows.reshape(n // 8 * height, 8 * width, channels)[:-1, :-1]
    buffer = io.BytesIO()
    Image.fromarray(grid[..., 0] if channels == 1 else grid).save(buffer, "PNG")
    return buffer.getvalue()


@contextmanager
def _told_why(folder: Path, size: int) -> Iterator[None]:
    """Turn the end of another process, and losses that are no numbers, into words and what to do about it.

    SIGTERM raises, so that the newest checkpoint is written: GroupBroken in a group, where torchrun
    sends it when another process has died, else KeyboardInterrupt.
    """
    def ended(*_: object) -> None:
        if size == 1:
            raise KeyboardInterrupt
        raise parallel.GroupBroken("ended from outside; torchrun does so when another process has died")

    here = threading.current_thread() is threading.main_thread()  # no other may say what a signal does
    before = signal.signal(signal.SIGTERM, ended) if here else None
    try:
        yield
    except parallel.GroupBroken as error:
        path = folder / CHECKPOINT
        kept = f"what was saved last is in {path}" if path.is_file() else "nothing had been saved yet"
        raise parallel.GroupBroken(f"{error}.\n  Training stops; {kept}.  The same command goes on from there, "
                                   "with any number of processes.") from error
    except FloatingPointError as error:
        raise CourseError(str(error)) from error
    finally:
        if here:
            signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
