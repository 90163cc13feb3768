// Packages the extension as out/plumbline-<target>.vsix. `--target linux-x64` for another platform, `--development` allows missing parts.
import { parseArgs } from 'node:util';
import { packageVsix } from './lib/packageVsix.mjs';

const { values } = parseArgs({ options: { target: { type: 'string' }, development: { type: 'boolean' } } });
try {
  const { path, bytes } = await packageVsix({ ...(values.target ? { target: values.target } : {}), production: !values.development });
  console.log(`${path} (${(bytes / 1e6).toFixed(1)} MB)`);
} catch (error) {
  console.error(`package: ${error.message}`);
  process.exitCode = 1;
}
