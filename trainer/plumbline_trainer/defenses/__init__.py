"""In-training defenses: one class with hooks a file. `registry` lists them."""
