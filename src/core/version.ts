import manifest from '../../package.json' with { type: 'json' };

export const PLUMBLINE_VERSION: string = manifest.version;
