/** What of a model's shape decides whether a configuration fits it; null where it is not known. */
export interface ModelShape {
  readonly blocks: number | null;
  readonly hiddenSize: number | null;
}

/** Reads the shape from a model's config.json, under the names that transformers' architectures use. */
export function shapeOfConfig(config: unknown): ModelShape {
  const whole = asRecord(config);
  const text = { ...whole, ...asRecord(whole['text_config']) };
  const first = (...names: string[]) => names.map((name) => text[name]).find((value) => typeof value === 'number') ?? null;
  return { blocks: first('num_hidden_layers', 'n_layer', 'num_layers'), hiddenSize: first('hidden_size', 'n_embd', 'd_model') };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
}
