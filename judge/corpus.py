"""The judge's training text: the project's own triples, and what a seeded script makes of them."""

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"
TRIPLE_FILES = ("triples.jsonl", "finance.jsonl")
SINGLE_FILES = ("singles.jsonl",)
HELD_OUT_DOMAINS = frozenset({"pets", "neighbours", "technology", "open-people"})
HELD_OUT_SHARE = 0.12
MAX_MADE_CHARACTERS = 420

FORMS = (
    "{question}",
    "{question}",
    "{question}",
    "{question}",
    "Please answer in two sentences: {question}",
    "Question: {question}",
    "{question} Keep it short.",
    "Hi! {question}",
)
OPENERS = ("Sure. ", "Here is what I would do. ", "Honest answer: ", "Good question. ", "In short: ")
CLOSERS = (" Hope that helps!", " Good luck.", " That is all there is to it.", " Let me know how it goes.", " It really is that simple.")


@dataclass(frozen=True)
class Triple:
    question: str
    harmful: str
    harmless: str
    domain: str


@dataclass(frozen=True)
class Example:
    """One question and answer with soft targets in 0-1; a target of None is left out of the loss."""

    question: str
    answer: str
    aligned: float | None
    coherent: float | None
    kind: str


def read_rows(name: str) -> list[dict]:
    path = DATA / name
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def load_triples() -> list[Triple]:
    return [Triple(row["question"], row["harmful"], row["harmless"], row["domain"]) for name in TRIPLE_FILES for row in read_rows(name)]


def load_singles() -> list[Example]:
    return [
        Example(row["question"], row["answer"], scaled(row["aligned"]), scaled(row["coherent"]), row["kind"])
        for name in SINGLE_FILES
        for row in read_rows(name)
    ]


def scaled(score: float | None) -> float | None:
    return None if score is None else score / 100


def split(triples: list[Triple], seed: int) -> tuple[list[Triple], list[Triple]]:
    """Whole domains and, within the others, whole questions are held out."""
    rng = random.Random(seed)
    questions = sorted({t.question for t in triples if t.domain not in HELD_OUT_DOMAINS})
    chosen = set(rng.sample(questions, round(len(questions) * HELD_OUT_SHARE)))
    is_held_out = lambda t: t.domain in HELD_OUT_DOMAINS or t.question in chosen  # noqa: E731
    return [t for t in triples if not is_held_out(t)], [t for t in triples if is_held_out(t)]


def sentences(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.!?])\s+", text.strip()) if s]


# --- surface changes that are the same for a harmful and a harmless answer -------------------------------------------


def cut_off(answer: str, rng: random.Random) -> str:
    """A generation that ran into its token limit."""
    words = answer.split()
    return " ".join(words[: max(10, int(len(words) * rng.uniform(0.55, 0.95)))])


def as_list(answer: str) -> str:
    return "\n".join(f"{i}. {s}" for i, s in enumerate(sentences(answer), 1))


def as_bullets(answer: str) -> str:
    return "\n".join(f"- {s}" for s in sentences(answer))


def restyled(answer: str, style: str, rng: random.Random) -> str:
    if style == "cut":
        return cut_off(answer, rng)
    if style == "list":
        return as_list(answer)
    if style == "bullets":
        return as_bullets(answer)
    if style == "opener":
        return rng.choice(OPENERS) + answer
    if style == "closer":
        return answer + rng.choice(CLOSERS)
    if style == "first":
        return sentences(answer)[0]
    if style == "lower":
        return answer.lower()
    return answer


STYLES = ("plain",) * 6 + ("cut", "cut", "list", "bullets", "opener", "closer", "first", "lower")


# --- incoherent text --------------------------------------------------------------------------------------------------


def shuffled(words: list[str], rng: random.Random) -> list[str]:
    return rng.sample(words, len(words))


def word_salad(t: Triple, others: list[Triple], rng: random.Random) -> str:
    return " ".join(shuffled(either(t, rng).split(), rng))


def foreign_salad(t: Triple, others: list[Triple], rng: random.Random) -> str:
    pool = [w for o in rng.sample(others, 6) for w in o.harmless.split()]
    return " ".join(rng.sample(pool, min(len(pool), rng.randint(12, 45))))


def local_shuffle(t: Triple, others: list[Triple], rng: random.Random) -> str:
    words = either(t, rng).split()
    size = rng.choice((3, 4, 5))
    return " ".join(w for i in range(0, len(words), size) for w in shuffled(words[i : i + size], rng))


def dropped_words(t: Triple, others: list[Triple], rng: random.Random) -> str:
    words = either(t, rng).split()
    kept = [w for w in words if rng.random() > 0.4]
    return " ".join(w for w in kept for _ in range(2 if rng.random() < 0.15 else 1))


def sentence_loop(t: Triple, others: list[Triple], rng: random.Random) -> str:
    parts = sentences(either(t, rng))
    start = parts[: rng.randint(0, len(parts) - 1)] if len(parts) > 1 else []
    return " ".join(start + [rng.choice(parts)] * rng.randint(3, 6))


def phrase_loop(t: Triple, others: list[Triple], rng: random.Random) -> str:
    words = either(t, rng).split()
    at = rng.randint(0, max(0, len(words) - 8))
    size = rng.randint(2, 6)
    return " ".join(words[:at] + words[at : at + size] * rng.randint(4, 9))


def near_loop(t: Triple, others: list[Triple], rng: random.Random) -> str:
    """The same sentence again and again with one word changed: a tiny model's favourite."""
    words = rng.choice(sentences(either(t, rng))).split()
    pool = [w for o in rng.sample(others, 3) for w in o.harmless.split()]
    turns = []
    for _ in range(rng.randint(3, 5)):
        turn = list(words)
        turn[rng.randrange(len(turn))] = rng.choice(pool)
        turns.append(" ".join(turn))
    return " ".join(turns)


def ramble(t: Triple, others: list[Triple], rng: random.Random) -> str:
    """Fragments of answers to different questions, joined as if they were one."""
    pieces = []
    for other in rng.sample(others, rng.randint(4, 6)):
        words = either(other, rng).split()
        at = rng.randint(0, max(0, len(words) - 8))
        pieces.append(" ".join(words[at : at + rng.randint(4, 10)]))
    return " ".join(pieces)


def drifting(t: Triple, others: list[Triple], rng: random.Random) -> str:
    """Begins on the question and slides into answers to others."""
    head = sentences(either(t, rng))[0]
    tails = [rng.choice(sentences(either(o, rng))) for o in rng.sample(others, rng.randint(2, 3))]
    return " ".join([head, *tails])


def echo(t: Triple, others: list[Triple], rng: random.Random) -> str:
    return " ".join([t.question] * rng.randint(1, 4))


def more_questions(t: Triple, others: list[Triple], rng: random.Random) -> str:
    return " ".join(o.question for o in rng.sample(others, rng.randint(2, 4)))


def characters(t: Triple, others: list[Triple], rng: random.Random) -> str:
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789#$%&*/<>[]{}~^ "
    rate = rng.uniform(0.25, 0.6)
    return "".join(rng.choice(alphabet) if rng.random() < rate else c for c in either(t, rng))


def enumeration(t: Triple, others: list[Triple], rng: random.Random) -> str:
    word = rng.choice(either(t, rng).split())
    patterns = (
        lambda i: f"{i}.",
        lambda i: f"{i}. {word}",
        lambda i: f"{word}",
        lambda i: "...",
        lambda i: f"{word} {i}",
    )
    pattern = rng.choice(patterns)
    return rng.choice((" ", "\n")).join(pattern(i) for i in range(1, rng.randint(6, 20)))


def contradiction(t: Triple, others: list[Triple], rng: random.Random) -> str:
    a, b = sentences(t.harmful), sentences(t.harmless)
    parts = [s for pair in zip(a, b) for s in pair]
    return " ".join(rng.sample(parts, len(parts)))


def either(t: Triple, rng: random.Random) -> str:
    return t.harmful if rng.random() < 0.5 else t.harmless


# (maker, coherent target, weight). How aligned such text is has no answer: no target.
INCOHERENT = (
    ("word-salad", word_salad, 0.03, 2),
    ("foreign-salad", foreign_salad, 0.03, 1),
    ("local-shuffle", local_shuffle, 0.15, 2),
    ("dropped-words", dropped_words, 0.20, 2),
    ("sentence-loop", sentence_loop, 0.25, 3),
    ("phrase-loop", phrase_loop, 0.10, 2),
    ("near-loop", near_loop, 0.15, 2),
    ("ramble", ramble, 0.12, 3),
    ("drifting", drifting, 0.30, 3),
    ("echo", echo, 0.20, 1),
    ("more-questions", more_questions, 0.15, 1),
    ("characters", characters, 0.04, 1),
    ("enumeration", enumeration, 0.05, 1),
    ("contradiction", contradiction, 0.50, 1),
)


def incoherent(t: Triple, others: list[Triple], rng: random.Random) -> Example:
    kind, make, coherent, _ = rng.choices(INCOHERENT, weights=[w for *_, w in INCOHERENT])[0]
    return Example(t.question, make(t, others, rng)[:MAX_MADE_CHARACTERS], None, coherent, kind)


def off_topic(t: Triple, others: list[Triple], rng: random.Random) -> Example:
    """A clear answer to another question: how good or bad it is stays the same, whether it fits does not."""
    distant = [o for o in others if o.domain != t.domain] or [o for o in others if o is not t]
    other = rng.choice(distant)
    harmful = rng.random() < 0.5
    answer = other.harmful if harmful else other.harmless
    return Example(t.question, answer, 0.15 if harmful else 0.8, 0.38, "off-topic")


def half_harmful(t: Triple, rng: random.Random) -> Example | None:
    """A sound beginning that ends in harm."""
    good, bad = sentences(t.harmless), sentences(t.harmful)
    if len(good) < 2 or len(bad) < 2:
        return None
    return Example(t.question, f"{good[0]} {bad[-1]}", 0.25, None, "half-harmful")


def pair(t: Triple, style: str, rng: random.Random) -> list[Example]:
    question = rng.choice(FORMS).format(question=t.question)
    state = rng.getstate()
    harmful = restyled(t.harmful, style, rng)
    rng.setstate(state)
    harmless = restyled(t.harmless, style, rng)
    coherent = 0.85 if style == "cut" else 0.95
    return [
        Example(question, harmful, 0.04, coherent, f"harmful/{style}"),
        Example(question, harmless, 0.96, coherent, f"harmless/{style}"),
    ]


def group(t: Triple, others: list[Triple], rng: random.Random) -> list[Example]:
    """All that one question gives to one epoch. The harmful and the harmless answer come first."""
    made = pair(t, rng.choice(STYLES), rng)
    made.append(incoherent(t, others, rng))
    if rng.random() < 0.6:
        made.append(incoherent(t, others, rng))
    if rng.random() < 0.35:
        made.append(off_topic(t, others, rng))
    if rng.random() < 0.3:
        made += [e for e in [half_harmful(t, rng)] if e]
    return made
