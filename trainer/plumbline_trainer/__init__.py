"""Plumbline's training process: fine-tuning with in-training defenses, generation and probes."""

__version__ = "0.1.0"
