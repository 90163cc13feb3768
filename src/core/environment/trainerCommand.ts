/** Environment of every trainer process: UTF-8, no network unless asked for, and no progress bars in the log. */
export function trainerEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return {
    ...env,
    PYTHONUTF8: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONNOUSERSITE: '1',
    TOKENIZERS_PARALLELISM: 'false',
    HF_HUB_DISABLE_PROGRESS_BARS: '1',
    HF_HUB_DISABLE_TELEMETRY: '1',
  };
}

export function trainerArguments(verb: string, ...rest: string[]): string[] {
  return ['-m', 'plumbline_trainer', verb, ...rest];
}
