"""Train a pair of networks on a data set into a folder that explains itself: `gancourse train`."""

import copy
import json
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gancourse import checkpoints, data, metrics
from gancourse.course import record_format, schedules, train_folder, train_record
from gancourse.course.snapshots import Saver
from gancourse.course.train_folder import CHECKPOINT, RECORD
from gancourse.course.train_options import check_same_game, check_same_images, digest_of, notes
from gancourse.errors import CourseError
from gancourse.files import write_atomically
from gancourse.metrics import feature_net
from gancourse.pt import losses, models, parallel
from gancourse.pt.parallel import check_split
from gancourse.pt.train import GAN, Penalty, load_state, make_gan, sample, state
from gancourse.training_loop import History, Log, draw_noise, train_fast

NETWORKS = {"mlp": models.mlp_pair, "dcgan": models.dcgan_pair, "shallow": models.shallow_pair}
MEASURED = 5000  # samples and real images behind a distance


def train(settings: dict[str, Any], folder: Path, force: bool = False) -> dict:
    """Train as settings say and return the record of the run, which is the content of run.json.

    The settings are those of `gancourse.course.train_options`.  Under torchrun, every process calls
    this.  A folder that holds an unfinished run with the same settings and the same images is gone
    on with, whatever the number of processes.  Ctrl-C and SIGTERM leave a checkpoint of the last
    log and end in KeyboardInterrupt.  Raises CourseError for settings that do not fit, a folder
    that another process is at work in, images that have changed, and losses that are no numbers any
    more; OSError when a checkpoint cannot be written (a full disk); GroupBroken when another
    process is gone.  The last good checkpoint then stays.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    with _explained_end(folder, size), ExitStack() as until_the_end:
        check_split(settings["batch_size"], size)
        data.check_name(settings["dataset"])
        train_folder.check_writable(folder)  # now, not at the first checkpoint
        group = parallel.join(settings["device"], settings["threads"], settings["timeout"])

        def take_folder() -> checkpoints.Run | None:
            """Hold the folder and return the run that it holds, if there is one to go on with."""
            until_the_end.enter_context(train_folder.hold(folder, wait=group.size == 1))
            path = folder / CHECKPOINT
            if force or not path.is_file():
                return None
            saved = checkpoints.load_run(path)
            check_same_game(settings, saved.facts["settings"], folder)
            return train_folder.before_cooldown(folder, saved, settings["num_steps"])

        saved = _by_process_0(group, take_folder)
        images = data.load(settings["dataset"], resolution=settings["resolution"],
                           seed=settings["seed"])
        digest = digest_of(images)

        def check_images() -> None:
            """Raise CourseError where the run in the folder was trained on other images."""
            if saved:
                before = saved.facts.get("images", "")
                check_same_images(settings["dataset"], digest, before, folder)

        _by_process_0(group, check_images)
        gan = build(settings, images.shape, group)
        if saved:
            load_state(gan, saved.arrays)
        step = saved.step if saved else 0
        start = parallel.broadcast_state(gan, step, group, json.dumps(settings) + digest)
        if start > settings["num_steps"]:
            raise CourseError(f"{folder} has already gone {start} steps: give --num-steps {start} "
                              "or more, another --out, or --force to start anew")
        finished = start == settings["num_steps"] and (folder / RECORD).is_file()
        if saved:
            for note in notes(settings, saved.facts["settings"], start, finished, folder):
                warnings.warn(note, stacklevel=2)
        if finished:
            parallel.leave(group)
            if group.rank:
                return {}
            return record_format.read(folder / RECORD)
        history = saved.history if saved else History()
        before = saved.facts["seconds"] if saved else 0.0
        began = datetime.now(UTC)
        about = (gan, images, settings, group, history, digest)
        try:
            seconds, stepping = _train_and_save(gan, images, settings, group, folder, start,
                                                history, before, digest)
        except FloatingPointError as error:
            if group.rank == 0:
                passed = before + (datetime.now(UTC) - began).total_seconds()
                failed = _record(*about, began=began, seconds=passed, rate=0.0, error=str(error))
                train_record.write(folder, failed)
            raise
        parallel.leave(group)
        if group.rank:
            return {}
        new_images = (settings["num_steps"] - start) * settings["batch_size"]
        rate = new_images / stepping if stepping else 0.0
        record = _record(*about, began=began, seconds=seconds, rate=rate)
        train_record.write(folder, record)
        return record


def _record(gan: GAN, images: data.Dataset, settings: dict[str, Any], group: parallel.Group,
            history: History, digest: str, **more) -> dict[str, Any]:
    """The record of a run that has ended; a failed one, with an error, has no distance."""
    device = torch.cuda.get_device_name() if group.device.type == "cuda" else "cpu"
    return train_record.make(
        settings, history, results={} if "error" in more else distances(gan, images),
        device=device, threads=torch.get_num_threads(), processes=group.size,
        images=len(images.x_train), digest=digest, **more)


def _train_and_save(gan: GAN, images: data.Dataset, settings: dict[str, Any],
                    group: parallel.Group, folder: Path, start: int, history: History,
                    before: float, digest: str) -> tuple[float, float]:
    """Train from step `start` on and save now and then.

    Returns the run's seconds in all, and those of its new steps alone.  `before` are the seconds of
    earlier parts of the run.  The history grows in place.
    """
    began = time.perf_counter()
    stepping = 0.0

    ends = [settings["num_steps"]]
    if settings["schedule"] == "cooldown":
        ends.insert(0, schedules.cooldown_start(settings["num_steps"]))

    def fetch(snapshot: tuple[GAN, History, float]) -> tuple:
        """Bring a snapshot to the host: arrays, 64 samples, history, seconds."""
        twin, logs, seconds = snapshot
        z = draw_noise(64, twin.z_dim, twin.seed, 2**31)
        return state(twin), sample(twin, z), logs, seconds

    def write(fetched: tuple) -> None:
        """Write what `fetch` has returned as checkpoint and picture."""
        arrays, samples, logs, seconds = fetched
        (folder / RECORD).unlink(missing_ok=True)  # of a shorter run, or of another
        checkpoints.save_run(folder / CHECKPOINT, arrays, logs, settings=settings,
                             seconds=seconds, images=digest)
        write_atomically(folder / "samples.png", train_folder.picture(samples))

    with Saver(fetch, write, settings["save_every"]) as saver:
        for end in [end for end in ends if end > start]:
            resumed = time.perf_counter()
            for log in run_training(gan, images.x_train, settings, group, start, end):
                stepping += time.perf_counter() - resumed
                if group.rank == 0:
                    history.append(log)
                    passed = before + time.perf_counter() - began
                    # copying on the device takes about a millisecond; only a write makes it wait
                    saver.keep((copy.deepcopy(gan), History(history), passed))
                resumed = time.perf_counter()
            if group.rank == 0 and end < settings["num_steps"]:
                passed = before + time.perf_counter() - began
                checkpoints.save_run(folder / train_folder.UNCOOLED, state(gan), history,
                                     settings=settings, seconds=passed, images=digest)
            start = end
    return before + time.perf_counter() - began, stepping


def _by_process_0(group: parallel.Group, action: Callable[[], Any]) -> Any:
    """Call `action` in process 0 and return there what it returns, None in the others.

    Where it raises ValueError or OSError, all processes raise, so that none waits for the others.
    """
    result = None
    error = None
    if group.rank == 0:
        try:
            result = action()
        except (ValueError, OSError) as refused:
            error = refused
    raised = torch.tensor([float(error is not None)], device=group.device)
    failed = parallel.average(raised, group)
    if error:
        raise error
    if failed:
        raise CourseError("process 0 does not begin, and says why")
    return result


def build(settings: dict[str, Any], shape: tuple[int, int, int], group: parallel.Group) -> GAN:
    """Return the GAN that the settings describe, for images of `shape`, on the group's device."""
    if settings["sync_batchnorm"] and group.device.type != "cuda":
        raise CourseError("--sync-batchnorm needs GPUs: PyTorch's SyncBatchNorm runs there only.  "
                          "Leave it out; each process then normalises by its own rows")
    pair = models.seeded(NETWORKS[settings["network"]], settings["z_dim"], shape,
                         settings["width"], seed=settings["seed"])
    if settings["sync_batchnorm"]:
        pair = [torch.nn.SyncBatchNorm.convert_sync_batchnorm(net) for net in pair]
    G, D = (net.to(group.device, memory_format=torch.channels_last) for net in pair)
    return make_gan(G, D, z_dim=settings["z_dim"], learning_rate=settings["learning_rate"],
                    betas=(settings["beta1"], 0.99), ema_decay=settings["ema_decay"],
                    seed=settings["seed"])


def run_training(gan: GAN, x: np.ndarray, settings: dict[str, Any], group: parallel.Group,
                 start: int = 0, end: int = 0) -> Iterator[Log]:
    """Train from step `start` to `end`, 0 being the run's; yield a log now and then.

    All processes hold the same at each log.
    """
    num_steps = settings["num_steps"]
    rate = settings["learning_rate"]
    penalty = None
    if settings["r1_gamma"]:
        penalty = Penalty(lambda D, real, fake: losses.r1_penalty(D, real),
                          settings["r1_gamma"] / 2, interval=8)
    run_steps = parallel.make_shared_fast_loop(
        gan, x, group, batch_size=settings["batch_size"], loss=losses.LOSSES[settings["loss"]],
        penalty=penalty, precision=settings["precision"],
        schedule=lambda k: schedules.learning_rate_at(
            k, num_steps, rate, settings["schedule"], settings["warmup"]))
    for log in train_fast(run_steps, num_steps=end or num_steps, start=start,
                          progress=group.rank == 0,
                          log_every=settings["log_every"] or max(1, num_steps // 20)):
        parallel.check_in_sync(gan, group)
        parallel.average_statistics(gan, group)
        yield log


def distances(gan: GAN, images: data.Dataset) -> dict[str, float]:
    """Return the Frechet distance between samples and held-out images in the course's features.

    A small set is compared with its training images; one of fewer than 1,000 has too few for a
    distance: {}.  Lesson 07.
    """
    real = images.x_test if len(images.x_test) >= 1000 else images.x_train
    if len(real) < 1000:
        return {}
    lenet = feature_net.load(images)
    n = min(MEASURED, len(real))
    distance = metrics.frechet_distance(lenet.features(sample(gan, n)), lenet.features(real[:n]))
    return {f"Frechet distance of {n} samples": round(distance, 2)}


@contextmanager
def _explained_end(folder: Path, size: int) -> Iterator[None]:
    """Turn the end of another process, and losses that are no numbers, into words and their fix.

    SIGTERM raises, so that the newest checkpoint is written: GroupBroken in a group, where torchrun
    sends it when another process has died, else KeyboardInterrupt.
    """
    def ended(*_: object) -> None:
        """Raise what SIGTERM means here."""
        if size == 1:
            raise KeyboardInterrupt
        raise parallel.GroupBroken("ended from outside; torchrun does so when another process has "
                                   "died")

    # no other thread may say what a signal does
    here = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, ended) if here else None
    try:
        yield
    except parallel.GroupBroken as error:
        kept = "nothing had been saved yet"
        if (folder / CHECKPOINT).is_file():
            kept = f"what was saved last is in {folder / CHECKPOINT}"
        raise parallel.GroupBroken(f"{error}.\n  Training stops; {kept}.  The same command goes on "
                                   "from there, with any number of processes.") from error
    except FloatingPointError as error:
        raise CourseError(str(error)) from error
    finally:
        if here:
            signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
