"""The token-wise constrained objective against its formula in float64."""

from __future__ import annotations

import pytest
import torch
from conftest import ARCHITECTURES, chat_rows, events_of, of_type
from plain_losses import PlainModel, adapted, assert_moves_adapters, assert_same_gradients, cross_entropy, encoded, gradients, learner_of

from plumbline_trainer.batch_plan import OWN, SAFE
from plumbline_trainer.batches import pad_rows
from plumbline_trainer.defenses.constrained_sft import constrained_weight
from plumbline_trainer.run import run_attempt

SPEC = {"type": "constrained-sft", "betaFirst": 0.5, "betaEarly": 2.0, "betaLate": 0.1, "earlyTokens": 3}


def answers(row):
    """Positions of the predictions of each answer."""
    runs = []
    for position in row.response:
        if not runs or runs[-1][-1] != position - 1:
            runs.append([])
        runs[-1].append(position)
    return runs


def plain_objective(rows):
    """-2/beta log sigmoid(beta (log p - log p_0)), the mean over all answer tokens: equation 3 of the paper."""
    losses = []
    for row in rows:
        for answer in answers(row):
            for number, position in enumerate(answer):
                beta = 0.5 if number == 0 else 2.0 if number < 3 else 0.1
                token = row.next_token(position)
                moved = row.trained[position, token] - row.reference[position, token]
                losses.append(-2 / beta * torch.nn.functional.logsigmoid(beta * moved))
    return torch.stack(losses).mean()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_gradient_is_that_of_the_papers_objective(model_paths, architecture):
    path = model_paths[architecture]
    model, rows = adapted(path).double(), encoded(path, chat_rows(5, turns=3))
    _, parts, found = gradients(learner_of(model, [SPEC]), [rows])
    plain = PlainModel(model)
    read_rows = plain.read(rows)
    assert sum(len(answers(row)) for row in read_rows) == 15
    assert parts["cross_entropy"] == pytest.approx(cross_entropy(read_rows).item(), rel=1e-6)
    assert_same_gradients(found, plain.gradients(plain_objective(read_rows)), tolerance=1e-7)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_value_is_the_weighted_cross_entropy(model_paths, architecture):
    path = model_paths[architecture]
    model, rows = adapted(path), encoded(path, chat_rows(5, turns=2))
    loss, _, _ = gradients(learner_of(model, [SPEC]), [rows])
    terms = []
    for row in PlainModel(model).read(rows):
        for answer in answers(row):
            for number, position in enumerate(answer):
                beta = 0.5 if number == 0 else 2.0 if number < 3 else 0.1
                token = row.next_token(position)
                ratio = (row.trained[position, token] - row.reference[position, token]).detach()
                terms.append(-max(2 * (1 - 1 / (1 + (-beta * ratio).exp())), 1e-3) * row.trained[position, token])
    assert loss == pytest.approx(torch.stack(terms).mean().item(), rel=1e-5)


def test_weights_on_plain_numbers():
    moved = torch.tensor([0.0, 3.0, -3.0, 1.0, 80.0], dtype=torch.float64)
    beta = torch.tensor([2.0, 0.5, 2.0, 0.0, 2.0], dtype=torch.float64)
    expected = [max(2 * (1 - 1 / (1 + torch.tensor(-b * m).exp().item())), 1e-3) for m, b in zip(moved.tolist(), beta.tolist())]
    weights = constrained_weight(moved, beta).tolist()
    assert weights == pytest.approx(expected)
    assert weights[0] == weights[3] == 1.0 and weights[4] == 1e-3


def test_plain_training_before_the_first_step_and_at_beta_zero(model_paths):
    path = model_paths["llama"]
    for moved, spec in ((False, SPEC), (True, {**SPEC, "betaFirst": 0.0, "betaEarly": 0.0, "betaLate": 0.0})):
        model, rows = adapted(path, moved=moved), encoded(path)
        loss, _, found = gradients(learner_of(model, [spec]), [rows])
        expected, _, without = gradients(learner_of(model), [rows])
        assert loss == pytest.approx(expected, rel=1e-6)
        assert_same_gradients(found, without)


def test_changes_the_gradient_once_the_model_has_moved(model_paths):
    path = model_paths["llama"]
    model, rows = adapted(path), encoded(path)
    assert_moves_adapters(gradients(learner_of(model, [SPEC]), [rows])[2], gradients(learner_of(model), [rows])[2])


def test_safe_rows_are_trained_in_full(model_paths):
    path = model_paths["llama"]
    model, rows = adapted(path), encoded(path)
    plain, constrained = learner_of(model), learner_of(model, [SPEC])
    safe = pad_rows(rows, "cpu", sources=[SAFE] * 4)
    own = pad_rows(rows, "cpu", sources=[OWN] * 4)
    in_full = gradients(plain, [own])
    assert gradients(constrained, [safe])[0] == pytest.approx(in_full[0], rel=1e-6)
    assert_same_gradients(gradients(constrained, [safe])[2], in_full[2])
    assert_moves_adapters(gradients(constrained, [own])[2], in_full[2])


def test_every_answer_counts_from_its_own_first_token(model_paths):
    row = encoded(model_paths["llama"], chat_rows(1, turns=2))[0]
    numbers = pad_rows([row], "cpu").number_in_answer()[0].tolist()
    expected, number = [], 0
    for is_response in [*row.response[1:], False]:
        number = number + 1 if is_response else 0
        expected.append(number)
    assert numbers == expected
    assert numbers.count(1) == 2


def test_plain_cross_entropy_is_reported(store):
    run_dir = store.run(defenses=[SPEC])
    assert run_attempt(run_dir, 1) == 0
    first, *_, last = of_type(events_of(run_dir), "step")
    assert first["loss"] == pytest.approx(first["crossEntropy"], rel=1e-6)
    assert last["loss"] != pytest.approx(last["crossEntropy"], rel=1e-3)
