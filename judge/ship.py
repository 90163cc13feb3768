"""Ships the attempt with the best selection measure among those that fit into the package: copies it to `judge/model` and `judge/golden.jsonl`."""

import json
import shutil

from train import HERE, RESULTS, data_hashes

SHIPPED = ("judge.onnx", "judge.json", "tokenizer.json", "tokenizer_config.json")


def main() -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    if results["data"] != data_hashes():
        raise SystemExit("the training text has changed since the attempts were trained: train them again")
    name, row = max(((n, r) for n, r in results["attempts"].items() if r["ships"]), key=lambda item: item[1]["selection"]["value"])
    print(f"{name}: selection {row['selection']['value']}")
    source = HERE.parent / "artifacts" / "judge" / name
    for file in SHIPPED:
        shutil.copy(source / file, HERE / "model" / file)
    shutil.copy(source / "golden.jsonl", HERE / "golden.jsonl")


if __name__ == "__main__":
    main()
