"""Every defense type by name: one registry behind the trainer, its command line and the documentation's table."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from plumbline_trainer.defenses.base import Defense, hooks_of
from plumbline_trainer.defenses.caft import Caft
from plumbline_trainer.defenses.constrained_sft import ConstrainedSft
from plumbline_trainer.defenses.inoculation import Inoculation
from plumbline_trainer.defenses.interleave import Interleave
from plumbline_trainer.defenses.interleave_plus_plus import InterleavePlusPlus
from plumbline_trainer.defenses.kl import Kl
from plumbline_trainer.defenses.ldifs import Ldifs
from plumbline_trainer.defenses.none import NoDefense
from plumbline_trainer.defenses.ood_kl import OodKl
from plumbline_trainer.defenses.persona_steering import PersonaSteering
from plumbline_trainer.defenses.safelora import SafeLora
from plumbline_trainer.defenses.spectral import Spectral

DEFENSES: dict[str, type[Defense]] = {
    defense.type: defense
    for defense in (
        NoDefense,
        Kl,
        Ldifs,
        SafeLora,
        Interleave,
        InterleavePlusPlus,
        PersonaSteering,
        Inoculation,
        Caft,
        OodKl,
        ConstrainedSft,
        Spectral,
    )
}


def build_defenses(specs: Sequence[Mapping[str, Any]], seed: int) -> list[Defense]:
    """The defense stack of an arm."""
    return [DEFENSES[spec["type"]](spec, seed) for spec in specs]


def describe() -> list[dict[str, Any]]:
    """type, hooks and parameters of each."""
    return [
        {"type": name, "hooks": hooks_of(defense), "parameters": list(defense.parameters)}
        for name, defense in DEFENSES.items()
    ]
