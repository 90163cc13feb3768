"""Attempts that train no encoder: logistic regression on features of question and answer."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import spmatrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from transformers import AutoModelForCausalLM, AutoTokenizer

from bases import read_minilm
from corpus import Corpus, Example
from examples import by_question, group
from network import MAX_TOKENS, OUTPUTS

Features = Callable[[list[Example]], np.ndarray | spmatrix]
Predict = Callable[[list[Example]], np.ndarray]

SMOLLM2_BLOCK = 12
TEXTS_PER_BATCH = 32


def fit_head(name: str, corpus: Corpus, wheels: Path, model: Path | None, seed: int) -> Predict:
    """One epoch of what networks see; a soft target counts as both classes with its weights."""
    rng = random.Random(f"{seed}/head")
    groups = [group(triples, corpus.train, rng) for triples in by_question(corpus.train)]
    examples = [*(e for g in groups for p in g.pairs for e in p), *(e for g in groups for e in g.others), *corpus.train_singles]
    features, strength = FEATURES[name](examples, wheels, model)
    heads = [fit_output(features(examples), [getattr(e, output) for e in examples], strength) for output in OUTPUTS]
    return lambda asked: np.stack([head.decision_function(features(asked)) for head in heads], 1)


def fit_output(rows: np.ndarray | spmatrix, targets: list[float | None], strength: float) -> LogisticRegression:
    known = np.array([i for i, t in enumerate(targets) if t is not None])
    values = np.array([targets[i] for i in known])
    twice = np.concatenate([known, known])
    labels = np.repeat([1, 0], len(known))
    return LogisticRegression(C=strength, max_iter=2000).fit(rows[twice], labels, np.concatenate([values, 1 - values]))


def words(examples: list[Example], wheels: Path, model: Path | None) -> tuple[Features, float]:
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit([e.answer for e in examples])
    return lambda asked: vectorizer.transform([e.answer for e in asked]), 3.0


def bi_encoder(examples: list[Example], wheels: Path, model: Path | None) -> tuple[Features, float]:
    base = read_minilm(wheels)
    base.encoder.eval()

    def forward(texts: list[str]) -> torch.Tensor:
        rows = [[base.marker("first"), *base.tokenizer.encode(t, add_special_tokens=False).ids[: MAX_TOKENS - 2], base.marker("separator")] for t in texts]
        ids, mask = padded(rows, base.marker("padding"))
        return mean_of(base.encoder(input_ids=ids, attention_mask=mask).last_hidden_state, mask)

    known: dict[str, np.ndarray] = {}

    def features(asked: list[Example]) -> np.ndarray:
        remember(known, [text for e in asked for text in (e.question, e.answer)], forward)
        q, a = (np.stack([known[text] for text in texts]) for texts in ([e.question for e in asked], [e.answer for e in asked]))
        return np.concatenate([q, a, np.abs(q - a), q * a], 1)

    return scaled_by(features, examples), 0.003


def smollm2(examples: list[Example], wheels: Path, model: Path | None) -> tuple[Features, float]:
    if model is None:
        raise SystemExit("--model must name the folder of SmolLM2-135M-Instruct")
    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16).eval().model
    network.layers = network.layers[:SMOLLM2_BLOCK]
    separator = "\n\n"

    def forward(texts: list[str]) -> torch.Tensor:
        parts = [text.split("\0") for text in texts]
        questions = [tokenizer.encode(q + separator)[: MAX_TOKENS // 2] for q, _ in parts]
        answers = [(tokenizer.encode(a) or [0])[: MAX_TOKENS // 2] for _, a in parts]
        ids, mask = padded([q + a for q, a in zip(questions, answers)], 0)
        hidden = network(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        of_answer = mask.clone()
        for row, q in enumerate(questions):
            of_answer[row, : len(q)] = 0
        return mean_of(hidden, of_answer)

    known: dict[str, np.ndarray] = {}

    def features(asked: list[Example]) -> np.ndarray:
        texts = [f"{e.question}\0{e.answer}" for e in asked]
        remember(known, texts, forward)
        return np.stack([known[text] for text in texts])

    return scaled_by(features, examples), 0.003


FEATURES = {"words": words, "bi-encoder": bi_encoder, "smollm2": smollm2}


def scaled_by(features: Features, examples: list[Example]) -> Features:
    scaler = StandardScaler().fit(features(examples))
    return lambda asked: scaler.transform(features(asked))


@torch.no_grad()
def remember(known: dict[str, np.ndarray], texts: list[str], forward: Callable[[list[str]], torch.Tensor]) -> None:
    """Encodes every text once, those of a length together."""
    new = sorted(set(texts) - known.keys(), key=len)
    for at in range(0, len(new), TEXTS_PER_BATCH):
        chunk = new[at : at + TEXTS_PER_BATCH]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            vectors = forward(chunk)
        known.update(zip(chunk, vectors.float().numpy()))


def padded(rows: list[list[int]], padding: int) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, rows))
    ids = torch.tensor([row + [padding] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids, mask


def mean_of(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)
