"""Questions that people ask about GANs, each with a short answer, its numbers, and its lessons.

    print(in_markdown())

A place like {06: claim as .2f} stands for the number that the stored run of a lesson has measured,
see `stored_numbers`; so no number here is typed.  Lesson 14 and `gancourse map` show them.
"""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from gancourse.course.lessons import FOLDER, all_lessons
from gancourse.course.overview.stored_numbers import in_text
from gancourse.errors import CourseError

MISSING = "A number of this answer is missing"


class Answer(NamedTuple):
    """A question and what the course answers."""

    question: str
    text: str  # Markdown, with places for numbers
    where: tuple[tuple[str, str], ...]  # lessons and their sections, the best place first


WHAT_THEY_ARE = (
    Answer(
        "How does a GAN differ from other deep networks?",
        "A classifier is shown the right answer to each input. A GAN's generator $G$ is shown no "
        "answers: all that it gets is a gradient from a second network, the discriminator $D$, "
        "which learns at the same time. So its loss has no fixed goal, and a falling loss says "
        "nothing about the images. Even the value at the end of the game, "
        "{01: V of an undecided D: -log 4 as .3f}, is also that of a $D$ which knows nothing. "
        "Other networks generate, too: diffusion, flow and language models do it without an "
        "opponent.",
        (("01", "The game as one number"), ("01", "FAQ"))),
    Answer(
        "Does training make the difference between fakes and data smaller?",
        "Against the best possible $D$ it does: the value of the first formula is then "
        r"$-\log 4 + 2\,\text{JSD}$ (the Jensen-Shannon divergence), to "
        "{01: V(D*) = -log 4 + 2 JSD: worst of 1000 random pairs as .0e} for a thousand random "
        "pairs of distributions. A $D$ that is still learning promises nothing of the kind.",
        (("01", "What a perfect D tells G"), ("05", "Densities that do not meet"))),
    Answer(
        "Does $D$ answer yes or no?",
        "It gives a probability, as a logit. $G$ learns from the derivative of the answer, and a "
        "bare yes or no has derivative 0 wherever it has one.",
        (("01", "FAQ"),)),
    Answer(
        "Why is $G$'s loss not the one of the first formula?",
        "Where $D$ is sure that an image is fake, that loss has hardly any gradient: "
        "{01: minimax slope at logit -5 as .4f} against "
        "{01: non-saturating slope at logit -5 as .4f} at a logit of -5. In lesson 01's race it "
        "needed {01: race from 4 to 0.5: minimax's updates, as a multiple as .1f} times as many "
        "updates.",
        (("01", "Two losses for G"), ("01", "The race"))),
    Answer(
        "Is there one loss for both networks, and one update?",
        "No. Each has its own loss, its own weights and its own optimiser. A listing that lowers "
        "the sum of both ended at least "
        "{02: one sum: distance over that of the mended game (worst seed) as .1f} times as far "
        "from real images as the same code with two players.",
        (("02", "The verdict"), ("02", "One fault at a time"))),
)

USES = (
    Answer(
        "Can a GAN draw faces?",
        "Yes, and to order. Lesson 03's faces end at "
        "{03: distance of the faces, as a share of an untrained G's as .1%} of an untrained "
        "generator's distance, and every one of four attributes that you ask for is right in at "
        "least {10: portraits: worst of the four attributes, share right as .0%} of portraits. "
        "Shares are kept only roughly: glasses come "
        "{03: faces with glasses, fakes : real as .2f} times as often as in the data.",
        (("03", "Does G keep the glasses?"), ("10", "A face that you ask for"))),
    Answer(
        "Can it transfer a style?",
        "It can: the texture of lesson 04's painting comes "
        "{04: texture distance: photograph / GAN as .1f} times closer to the painter's than the "
        "photograph was. A recipe without any network comes "
        "{04: the same without a GAN: photograph / recipe as .1f} times closer, but "
        "somebody had to know this painter to write it.",
        (("04", "The eye and the score"),)),
    Answer(
        "Can it fill what is missing in an image?",
        "It makes fills look real: without a $D$ the fills of digits are "
        "{11: distance of digits: L2 in parts of the better one with a D as .1f} times as far "
        "from real ones (copying the nearest training image gets "
        "{11: distance of digits: nearest image in parts of the best network as .2f} of the best "
        "network's distance). What was there it cannot know. Where the mouth of a face was "
        "hidden, the smile that it paints has a correlation of "
        "{11: smile of mouths filled by L2 + D: r as .2f} with the true one.",
        (("11", "The table"), ("11", "Faces: is it still the same smile?"))),
    Answer(
        "Does its data improve another model?",
        "Not where the same few images are all that anybody has. With five labelled digits a "
        "class, its drawings changed a classifier's accuracy by "
        "{10: stored: strokes, 5 a class: GAN over more copies, mean as .3f}, which may be "
        "chance; small turns and shifts of the images added at least "
        "{10: stored: strokes, 5 a class: affine over more copies, lower end as .3f}.",
        (("10", "Does a GAN help a classifier that has few labels?"),)),
    Answer(
        "Can it speak?",
        "A classifier that was trained on the same clips understands "
        "{12: spectrogram GAN: words understood, as a share of real as .0%} as many of its words "
        "as of real ones. A recogniser from outside understands "
        "{12: an outsider understands: spectrogram GAN, as a share of real as .0%} as many: ask "
        "somebody who has not seen your data.",
        (("12", "A listener from outside"),)),
    Answer(
        "Can it write?",
        "It raised a weak language model's share of valid sentences from "
        "{13: weak model: valid, mean as .0%} to {13: SeqGAN: valid, mean as .0%}. Maximum "
        "likelihood, trained to its end on the same sentences, reached "
        "{13: full model: valid, mean as .0%} and left less out.",
        (("13", "Who wins"), ("13", "Did it learn the rule?"))),
    Answer(
        "Can it translate?",
        "Translators are trained by likelihood, like the writers of lesson 13. A GAN has served "
        "for one step: to lay the word vectors of two languages over each other where no "
        "dictionary is at hand.",
        (("13", "Deeper"),)),
)

CHALLENGES = (
    Answer(
        "Why is training hard?",
        "Because two players who learn from each other need not meet. In the simplest game a "
        "simultaneous step multiplies the distance from the goal by 1 + "
        r"{06: ρ - 1 of a simultaneous step at h = .1 as .4f}, and an alternating one by "
        r"{06: ρ of an alternating step at h = .1 as .4f}: it circles for ever.",
        (("06", "A tangent leaves the circle"), ("06", "D first, then G"))),
    Answer(
        "What makes it stable?",
        "A penalty on $D$'s gradient at real images, R1. In 784 pixels at least "
        "{06: scratch in still pixels, no R1: least of 3 seeds as .2f} of a fault's strength was "
        "left without it, and at most "
        "{06: scratch in still pixels, R1: largest of 3 seeds as .0e} with it.",
        (("06", "From one number to 784 pixels"),
         ("03", "R1: a D that is flat where the data are"))),
    Answer(
        "Why does it leave things out, and what helps?",
        "Momentum can keep the players circling from one mode to the next. In a ring of eight "
        "modes the shares of *plain* end with a KL of {08: plain: median KL of the modes as .2f} "
        "from even ones, and with R1 of {08: R1: the same as .3f}. Less momentum helps as well and "
        "costs nothing, so try that first.",
        (("08", "Cause or cure?"), ("08", "What to remember"))),
    Answer(
        "How good are its images?",
        "No single number says. On trial each of "
        "{07: numbers that some faulty machine passes in all 3 rounds as .0f} "
        "numbers was fooled by some "
        "fault. If nobody wears glasses any more, the Fréchet distance is at least "
        "{07: nobody wears glasses: Frechet distance over that of real faces, least of 3 as .0f} "
        "times that of real faces, and precision still "
        "{07: nobody wears glasses: precision, least of 3 as .2f}. Use several, and look.",
        (("07", "The numbers on trial"), ("07", "Nobody wears glasses any more"))),
    Answer(
        "Do the settings matter?",
        "Very much. With equal steps, Adam at .004 without memory came at least "
        "{09: the table: Adam at .004 without memory beats .001 with .9, margin as .0f} times as "
        "close as at .001 with $\\beta_1 = .9$, whichever seeds are compared. "
        "The settings of a well-known tutorial, "
        "made for long training, ended "
        "{03: the tutorial's settings: times as far after the same arithmetic as .0f} times as far "
        "as lesson 03's after the same arithmetic.",
        (("09", "The decision card"), ("03", "Which settings for a short training?"))),
    Answer(
        "Do the listings in books and articles still run?",
        "Some stop at a name that is gone, and some run and learn nothing: under Keras 3 a pattern "
        "of many books moves $G$'s weights by "
        "{02: book pattern under Keras 3: sum |change of G| as ,.0f} in all and $D$'s by "
        "{02: book pattern under Keras 3: sum |change of D| as .0f}. Measure how far each network "
        "moves, and look at samples.",
        (("02", "A listing on trial"), ("02", "Deeper"))),
)

RISKS = (
    Answer(
        "Deepfakes: could this be used to imitate somebody?",
        "The small models of this course cannot, and larger ones can. Looking closely does not "
        "protect you: whether a picture looks real says nothing about whether it is. Train "
        "on people only with their consent, say on every sample that it was made and by what, "
        "keep a model card with your weights, and do not count on a detector: the $D$ of one GAN "
        "knows only how *this* $G$ differs from the data.",
        (("01", "FAQ"), ("11", "A slice through a head"))),
    Answer(
        "Memory: does it give away its training data?",
        "With few images it does. Trained on fifty digits, "
        "{10: few images: copy share of the plain GAN as .0%} of a GAN's drawings lay nearer to a "
        "training image than to any of as many others, where a half would be chance. A distance "
        "does not warn you: that of a machine which only copies is at most "
        "{07: copier: Frechet distance over the floor, most of 3 as .1f} times that of real "
        "images. Look up the nearest training images before you publish samples. Random changes of "
        "all images that $D$ sees changed the share by "
        "{10: few images: DiffAugment's copy share minus it as .2f}: they help and are no cure.",
        (("10", "Does DiffAugment keep a GAN from copying?"), ("07", "Copies"))),
    Answer(
        "Consent: whose face, whose voice, whose text?",
        "What a model has learnt from somebody stays in its weights when the files are deleted. "
        "So ask before you record or collect, write on the model's card what was agreed to, and "
        "train again without those who withdraw. The faces, heads and voices of this course are "
        "made by programs, so they are nobody's.",
        (("12", "FAQ"), ("03", "Faces of people who do not exist"))),
    Answer(
        "Medicine: may a filled image be used?",
        "Not for a diagnosis. A network with a $D$ gave "
        "{11: slices, L2 + D: invented as .0%} of healthy slices a lesion and deleted "
        "{11: slices, L2 + D: deleted as .0%} of the lesions; without $D$ it deleted "
        "{11: slices, L2: deleted as .0%}. No training can cross the line that the known pixels "
        "draw. Leave the gap blank, or scan again; and ask of any study which patients its "
        "generator left out.",
        (("11", "A slice through a head"),)),
)

GROUPS = {"What GANs are": WHAT_THEY_ARE, "What they are used for": USES,
          "What is hard, and what helps": CHALLENGES,
          "What can go wrong for people, and what you can do": RISKS}


def in_markdown(folder: Path = FOLDER, to_lessons: str = "", *, folded: bool = False) -> str:
    """Return all questions and answers as Markdown, with numbers and with links to the lessons.

    `folder` holds the lessons and `to_lessons` leads there from where the text will stand, such as
    "../../notebooks/".  If they are `folded`, a reader sees the questions and opens the answers.
    An answer whose number is missing, because its lesson has no stored run now or another one, says
    so in its place.
    """
    files = {lesson.name[:2]: quote(lesson.path.name) for lesson in all_lessons(folder)}
    parts = []
    for heading, answers in GROUPS.items():
        parts.append(f"**{heading}**" if folded else f"### {heading}")
        for answer in answers:
            links = ", ".join(_link(number, section, to_lessons + files[number])
                              for number, section in answer.where)
            text = f"{_filled(answer.text, folder)} ({links})"
            if folded:
                summary = f"<summary>{answer.question.replace('$', '')}</summary>"
                parts.append(f"<details>{summary}\n\n{text}\n\n</details>")
            else:
                parts.append(f"**{answer.question}** {text}")
    return "\n\n".join(parts)


def lessons_named() -> set[int]:
    """Return the numbers of all lessons that an answer leads to."""
    return {int(number) for answers in GROUPS.values() for answer in answers
            for number, _ in answer.where}


def _filled(text: str, folder: Path) -> str:
    """An answer with its numbers, or a sentence that says what is missing."""
    try:
        return in_text(text, folder)
    except CourseError as error:
        return f"{MISSING}: {error}"


def _link(number: str, section: str, file: str) -> str:
    """A link to a section of a lesson's file, as JupyterLab names its place."""
    return f"[{number}, {section}]({file}#{quote(section.replace(' ', '-'))})"
