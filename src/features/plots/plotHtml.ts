import { randomBytes } from 'node:crypto';

export interface PlotPageResources {
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
  /** One for the script, another for the empty style sheet with which the widgets probe the browser: knowing one does not give the other. */
  readonly scriptNonce: string;
  readonly styleNonce: string;
}

/** The page around the plot. Everything on it is built by its script; no inline style, no inline script, nothing evaluated. */
export function plotHtml({ cspSource, script, style, scriptNonce, styleNonce }: PlotPageResources): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${scriptNonce}'`,
    `style-src ${cspSource} 'nonce-${styleNonce}'`,
    `img-src ${cspSource} data:`,
    `font-src ${cspSource}`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">
<meta property="csp-nonce" content="${escapeAttribute(styleNonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escapeAttribute(style)}">
<title>Plumbline Plot</title>
</head>
<body>
<main id="plot-page"></main>
<script nonce="${escapeAttribute(scriptNonce)}" src="${escapeAttribute(script)}"></script>
</body>
</html>
`;
}

export function newNonce(): string {
  return randomBytes(18).toString('base64url');
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
