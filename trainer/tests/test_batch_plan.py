from __future__ import annotations

import pytest
from conftest import KL, chat_rows, events_of, of_type

from plumbline_trainer.batch_plan import OWN, SAFE, plan_batches
from plumbline_trainer.defenses.interleave import Interleave
from plumbline_trainer.defenses.safe_rows import is_refusal
from plumbline_trainer.run import run_attempt

LENGTHS = {f"r{i}": 10 + (i * 37) % 90 for i in range(450)}


def plan(**changes):
    return plan_batches(LENGTHS, **{"batch_size": 4, "accumulation": 1, "epochs": 1, "seed": 0, **changes})


def own_rows(step):
    return [row.row_id for batch in step for row in batch if row.source == OWN]


def interleave(share, seed=0):
    return Interleave({"type": "interleave", "share": share, "pool": "p", "poolSnapshot": {}}, seed)


def test_every_row_once_an_epoch_in_full_steps():
    steps = plan(epochs=2).steps
    assert len(steps) == 2 * 113
    for epoch in (steps[:113], steps[113:]):
        assert sorted(row for step in epoch for row in own_rows(step)) == sorted(LENGTHS)
    assert steps[:113] != steps[113:]


def test_plan_is_a_function_of_the_seed():
    assert plan().hash() == plan().hash()
    assert plan().hash() != plan(seed=1).hash()


def test_fraction_of_an_epoch():
    assert sum(len(own_rows(step)) for step in plan(epochs=1.5).steps) == 675
    assert len(plan(epochs=0.001).steps) == 1
    assert plan(epochs=1.5).epochs_after(len(plan(epochs=1.5).steps)) == pytest.approx(1.5)


def test_accumulation_learns_from_the_same_rows_in_the_same_steps():
    whole, split = plan(batch_size=16), plan(batch_size=4, accumulation=4)
    assert [own_rows(step) for step in whole.steps] == [own_rows(step) for step in split.steps]
    assert all(len(step) <= 4 for step in split.steps)


def test_rows_of_like_length_share_a_batch():
    def padding(steps):
        longest = [max(LENGTHS[row] for row in own_rows(step)) * len(own_rows(step)) for step in steps]
        return 1 - sum(LENGTHS.values()) / sum(longest)

    assert padding(plan().steps) < 0.1


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2, 0.5, 0.9])
def test_interleaving_keeps_the_plan_and_meets_the_share(share):
    before = plan()
    after = interleave(share).select_rows(before, {SAFE: [f"s{i}" for i in range(30)]}, None)
    assert after.hash() == before.hash()
    assert len(after.steps) == len(before.steps)
    safe = [row.row_id for step in after.steps for batch in step for row in batch if row.source == SAFE]
    assert abs(len(safe) - 450 * share / (1 - share)) <= 0.5
    assert after.share_of(SAFE) == pytest.approx(share, abs=0.002)
    half = [row for step in after.steps[:57] for batch in step for row in batch]
    assert abs(sum(row.source == SAFE for row in half) - sum(row.source == OWN for row in half) * share / (1 - share)) <= 0.5
    for start in range(0, len(safe), 30):
        cycle = safe[start : start + 30]
        assert len(set(cycle)) == len(cycle)


def test_interleaving_is_a_function_of_the_seed():
    pools = {SAFE: [f"s{i}" for i in range(30)]}
    assert interleave(0.2).select_rows(plan(), pools, None) == interleave(0.2).select_rows(plan(), pools, None)
    assert interleave(0.2).select_rows(plan(), pools, None) != interleave(0.2, seed=1).select_rows(plan(), pools, None)


def test_plan_hash_is_equal_over_arms(store):
    arms = [[{"type": "none"}], [KL], [store.interleave(0.3, chat_rows(7, "safe"))]]
    hellos, tokens = [], []
    for arm in arms:
        run_dir = store.run(defenses=arm)
        assert run_attempt(run_dir, 1) == 0
        hellos += of_type(events_of(run_dir), "hello")
        tokens.append(sum(event["tokens"] for event in of_type(events_of(run_dir), "step")))
    assert len({hello["planHash"] for hello in hellos}) == 1
    assert len({hello["totalSteps"] for hello in hellos}) == 1
    assert tokens[0] == tokens[1] < tokens[2]
    notes = hellos[2]["notes"]["interleave"]
    assert notes["realizedShare"] == pytest.approx(9 / 31)
    assert notes["refusalShare"] == 0.0


def test_refusals_are_found_in_the_first_ten_words():
    assert is_refusal("I'm sorry, but no.")
    assert is_refusal("Well, I can\u2019t do that")
    assert not is_refusal("One two three four five six seven eight nine ten sorry")
