/** 95 → "1 m 35 s". */
export function duration(seconds: number): string {
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} m ${rounded % 60} s`;
  return `${Math.floor(rounded / 3600)} h ${Math.round((rounded % 3600) / 60)} m`;
}
