"""One optimizer step: its loss over all micro-batches, the gradient, the update."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

import torch
from accelerate import Accelerator

from plumbline_trainer.batch_plan import Step
from plumbline_trainer.batches import Batch, build_batch
from plumbline_trainer.defenses.base import Defense
from plumbline_trainer.losses import TokenTerm, cross_entropy_term, token_loss
from plumbline_trainer.passes import Passes, read
from plumbline_trainer.references import Reference
from plumbline_trainer.response_logits import OutputHead
from plumbline_trainer.row_table import RowTable
from plumbline_trainer.terms import Term, add_terms, by_reference, items_in_step, request_of


@dataclass(frozen=True)
class Learner:
    """The model in training, its output head, what it is held to (by key), and the defenses that act on it."""

    model: Any
    head: OutputHead
    references: Mapping[str, Reference]
    defenses: Sequence[Defense]


@dataclass(frozen=True)
class StepResult:
    """What one optimizer step did. `parts`: each term's unweighted mean over the step; terms without an item are left out."""

    loss: float
    parts: dict[str, float]
    weights: dict[str, float]
    gradient_norm: float
    tokens: int

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.loss) and math.isfinite(self.gradient_norm)


def train_step(
    learner: Learner,
    step: Step,
    table: RowTable,
    accelerator: Accelerator,
    optimizer: torch.optim.Optimizer,
    max_norm: float,
) -> StepResult:
    """One optimizer step over its micro-batches. Where loss or gradient is not finite the weights stay untouched."""
    batches = [build_batch(rows, table, accelerator.device) for rows in step]
    terms_of = [loss_terms(batch, learner.defenses) for batch in batches]
    items_of = items_in_step(terms_of)
    parts = dict.fromkeys(items_of, 0.0)
    optimizer.zero_grad(set_to_none=True)
    loss = 0.0
    for batch, terms in zip(batches, terms_of):
        part, values = micro_batch_loss(learner, batch, terms, items_of)
        accelerator.backward(part)
        loss += float(part.detach())
        for name, value in values.items():
            parts[name] += value
    norm = float(accelerator.clip_grad_norm_(optimizer.param_groups[0]["params"], max_norm))
    result = StepResult(
        loss=loss,
        parts=parts,
        weights={term.name: term.weight for terms in terms_of for term in terms},
        gradient_norm=norm,
        tokens=sum(batch.tokens for batch in batches),
    )
    if result.is_finite:
        optimizer.step()
    return result


def loss_terms(batch: Batch, defenses: Sequence[Defense]) -> list[Term]:
    """The cross-entropy, as the defenses leave it, and what they add."""
    main = cross_entropy_term(batch)
    for defense in defenses:
        main = defense.token_loss(main, batch)
    extra = [term for defense in defenses if (term := defense.extra_loss(batch)) is not None]
    return [main, *extra]


def micro_batch_loss(
    learner: Learner, batch: Batch, terms: Sequence[Term], items_of: Mapping[str, int]
) -> tuple[torch.Tensor, dict[str, float]]:
    """A micro-batch's part of the step's loss (scalar, with gradient), and each term's unweighted part."""
    passes = _forward(learner, batch, terms)
    of_tokens = [term for term in terms if isinstance(term, TokenTerm)]
    others = [term for term in terms if not isinstance(term, TokenTerm)]
    loss, parts = token_loss(of_tokens, items_of, passes, batch.targets)
    loss, further = add_terms(loss, others, items_of, passes)
    return loss, {**parts, **further}


def _forward(learner: Learner, batch: Batch, terms: Sequence[Term]) -> Passes:
    """The references first, as far as they are asked; then the model, with the defenses acting on it."""
    references = {
        key: learner.references[key].read(batch.input_ids, request_of(asking))
        for key, asking in by_reference(terms).items()
    }
    with ExitStack() as stack:
        for defense in learner.defenses:
            stack.enter_context(defense.around_forward(learner.model, batch))
        trained = read(learner.model, learner.head, batch.input_ids, request_of(terms))
    return Passes(learner.model, trained, references)
