import { packageVsix } from '../../scripts/lib/packageVsix.mjs';
import { ensureChromium } from '../../scripts/lib/chromium.mjs';
import { ensureCodeServer } from '../../scripts/lib/codeServerInstall.mjs';

/** Before the first test: the package that people install, unless one was made already. */
export async function setup(): Promise<void> {
  await ensureChromium();
  await ensureCodeServer();
  if (!process.env['PLUMBLINE_VSIX']) process.env['PLUMBLINE_VSIX'] = (await packageVsix({ production: false })).path;
}
