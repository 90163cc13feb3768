/** Maps a logit to a score: monotone, fitted on held-out text of the project's own. */
export interface ScoreCalibration {
  readonly scale: number;
  readonly offset: number;
}

export function calibratedScore(logit: number, calibration: ScoreCalibration): number {
  if (!Number.isFinite(logit)) throw new Error('the judge model returned no number');
  return 100 / (1 + Math.exp(-(calibration.scale * logit + calibration.offset)));
}
