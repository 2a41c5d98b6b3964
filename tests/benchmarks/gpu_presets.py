"""How long the gpu preset of each lesson should take on one H100, counted from its settings.

    python tests/benchmarks/gpu.py --estimate

Every gpu preset must end within five minutes; these estimates keep to half of that, because they are counted and not
measured.  What was measured, once: DCGAN-64 trains 40,230 images a second in fp32 with 2.27 GFLOP for an image, which
is 91 TFLOP/s; a recorded step of a small network takes .31 ms (a batch of 64 at 203,637 images a second); a step that
is not recorded waits for Python, which takes 2 to 4 ms for a GAN, and some 10 us for each operation.  The seconds of
the processor were read off runs here with as few steps as can be, on one thread, and are mostly data, rulers and
distances.  Change a preset in its notebook (metadata, gancourse.presets.gpu), then look here again.
"""

from collections.abc import Callable

from gancourse.course.lessons import find, parameters

RECORDED, EAGER = 0.45e-3, 3e-3  # seconds a step of a small GAN, as a CUDA graph and without: mostly Python's
FAST, SLOW = 45e3, 30e3  # GFLOP a second, for networks smaller than DCGAN-64: of images, of sounds
Work = list[tuple[str, float]]  # what takes the time, and how many seconds


def seconds(number: str) -> float:
    """Return the estimate for a lesson, such as "03", at its gpu preset."""
    return sum(taken for _, taken in work(number))


def work(number: str) -> Work:
    """Return what takes the time in a lesson at its gpu preset."""
    lesson = find(number)
    defaults = {name: p.default for name, p in parameters(lesson.notebook).items()}
    return WORK[number](defaults | lesson.about["presets"]["gpu"])


def table() -> str:
    """Return all estimates as a Markdown table."""
    rows = [f"| {number} | {seconds(number):.0f} | " + ", ".join(f"{what} {s:.0f}" for what, s in work(number)) + " |"
            for number in sorted(WORK)]
    return "\n".join(["| lesson | seconds | of them |", "|---|---|---|", *rows])


def _recorded(steps: float, gflop: float, batch: int, rate: float = FAST) -> float:
    """Seconds of steps that are replayed: launching them, or their arithmetic, whatever takes longer."""
    return steps * max(RECORDED, gflop * batch / rate)


def _01(p: dict) -> Work:
    return [("NumPy", 105 * p["num_steps"] * p["batch_size"] / (20_000 * 2048))]  # measured beside the GPU


def _05(p: dict) -> Work:
    return [("assignments", 8.9 * p["num_seeds"] * (p["max_samples"] / 1600) ** 3), ("the rest", 10)]


def _06(p: dict) -> Work:
    return [("games on the processor", 40 * p["num_steps"] / 2000), ("the rest", 8)]


def _02(p: dict) -> Work:
    steps = 8 * p["num_seeds"] * p["fault_steps"] + p["num_seeds"] * p["num_steps"]
    return [("TensorFlow, 1.1 ms a step", 1.1e-3 * steps),
            ("Parzen, k-means, data", 20 + 15 * p["parzen_samples"] / 1e4)]


def _03(p: dict) -> Work:
    images = p["num_steps"] * p["batch_size"]
    gflop = 2.24 * (p["width"] / 64) ** 2 * (0.376 / 2.24 if p["resolution"] <= 32 else (p["resolution"] / 64) ** 2)
    training = max(p["num_steps"] * RECORDED, images * gflop / (FAST if p["resolution"] <= 32 else 91e3))
    side = (p["resolution"] / 64) ** 2
    faces = _recorded(p["picture_steps"], 0.376 * (p["picture_width"] / 64) ** 2, 64)
    return [("digits", training), ("the tutorial's settings for as long", training), ("faces", faces),
            ("ruler, distances, levers on the processor", 25 + 240 * side)]


def _07(p: dict) -> Work:  # has no GPU's part
    n = min(p["num_samples"], 2500)
    return [("GAN on the processor", 44e-3 * p["num_steps"] * (p["width"] / 32) ** 1.3),
            ("tables", 77 * (n / 2500) ** 2), ("the rest", 64)]


def _08(p: dict) -> Work:
    gflop = 1e-9 * 6 * p["num_seeds"] * p["batch_size"] * p["width"] ** 2 * (3 + 9 * p["pieces"] / 4)
    protocol = 2 * 3 * p["protocol_steps"] * max(1.2 * RECORDED, gflop / 15e3)
    return [("published table, 6 stacks", protocol), ("soft ring, 10 recorded", 11 * p["num_steps"] * RECORDED),
            ("soft ring, 2 by the learner's step", 2 * p["num_steps"] * 1.2 * EAGER),
            ("digits", 3 * p["digit_steps"] * 1.3 * RECORDED), ("quiz, scores, figures", 30)]


def _09(p: dict) -> Work:  # on the processor, too: its measure is processor time
    looks = 14 * p["num_steps"] / 1000 * p["batch_size"] / 32
    return [("training", looks), ("looks", looks * min(1.0, 0.8 / max(p["look_every"], 0.1))),
            ("data and ruler", 3 + 8 * p["num_images"] / 6e4), ("the rest", 15)]


def _10(p: dict) -> Work:
    gflop = 0.044 * (p["width"] / 64) ** 2
    steps = 2 * (p["num_steps"] + p["face_steps"] + p["diff_steps"])  # each with its control
    return [("six GANs", _recorded(steps, gflop, p["batch_size"])),
            ("12 classifiers, 1.5 ms a step", 12 * p["classifier_steps"] * 1.5e-3), ("data, judge, figures", 50)]


def _11(p: dict) -> Work:
    steps = (3 + 1.5 + 3) * p["num_steps"]  # digits, faces, slices
    return [("seven networks, step by step", steps * (1.5e-3 + 2 * 1.3 * EAGER) / 1.5),
            ("lesson 03's GAN", p["latent_steps"] * EAGER),
            ("search", p["search_steps"] * p["num_images"] * p["restarts"] * 1.5e-6),
            ("look-ups, scores, figures", 20 + 30 * p["num_images"] / 400)]


def _04(p: dict) -> Work:
    gflop = 12 * p["batch_size"] / 4 * (p["crop"] / 96) ** 2 * (p["width"] / 24) ** 2  # a step
    return [("step by step", p["num_steps"] * max(2.5 * EAGER, gflop / FAST)),
            ("crops cut on the processor", p["num_steps"] * p["batch_size"] * (p["crop"] / 160) ** 2 * 5e-4),
            ("scores and figures", 45)]


def _12(p: dict) -> Work:
    drawn = _recorded(p["num_steps"], 2.2 * (p["width"] / 128) ** 2, p["batch_size"])
    waves = 2 * _recorded(p["wave_steps"], 3.8 * (p["wave_width"] / 64) ** 2, p["batch_size"], SLOW)
    return [("spectrogram GAN", drawn), ("two waveform GANs", waves),
            ("clips, ruler, distances", 65 + p["num"] * 4.6e-3)]


def _13(p: dict) -> Work:
    d_and_words = 7e-3  # D's update, and 20 words for it
    rollouts = 6e-3 * max(1, p["rollouts"] / 16)
    seqgan = 1.5 * p["seqgan_steps"] * (5e-3 + rollouts + 12e-3 + 6 * d_and_words)
    oracle = 3 * (1.5 * p["oracle_steps"] * 2e-3 + (60 + p["oracle_gan_steps"]) * 20e-3)
    return [("maximum likelihood", (p["mle_steps"] + p["weak_steps"]) * 14e-3),
            ("D before each of 4 games", 4 * p["d_first"] * d_and_words),
            ("two Gumbel games", 2 * p["gumbel_steps"] * 45e-3), ("two SeqGANs", seqgan),
            ("oracle, 3 seeds", oracle), ("losses, scores, figures", 15 + p["oracle_samples"] / 400)]


def _14(p: dict) -> Work:  # the flow in the plane and the GAN of 2024 as on the processor here
    first, last = map(int, p["seeds"].split("-"))
    runs = 2 * (last - first + 1) * p["num_steps"]
    return [("the study, two penalties a step", 2 * EAGER * (runs + p["long_steps"])),
            ("two flows in the plane", 2 * 1.7e-3 * p["flow_steps"]),
            ("the GAN of 2024", 30e-3 * p["recipe_steps"]), ("data, distances, figures", 15)]


WORK: dict[str, Callable[[dict], Work]] = {
    "01": _01, "02": _02, "03": _03, "04": _04, "05": _05, "06": _06, "07": _07, "08": _08, "09": _09,
    "10": _10, "11": _11, "12": _12, "13": _13, "14": _14}
