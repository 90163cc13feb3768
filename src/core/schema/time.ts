/** Now, as every file writes time: ISO 8601 in UTC. */
export function timestamp(date = new Date()): string {
  return date.toISOString();
}
