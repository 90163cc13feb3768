import { build } from '../../../esbuild.mjs';
import { ensureChromium } from '../../../scripts/lib/chromium.mjs';

export async function setup(): Promise<void> {
  await ensureChromium();
  await build();
}
