import { randomBytes } from 'node:crypto';

export interface PageResources {
  readonly title: string;
  /** Id of the element that the page's script fills. */
  readonly rootId: string;
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
  /** One for the script, another for the empty style sheet with which the widgets probe the browser: knowing one does not give the other. */
  readonly scriptNonce: string;
  readonly styleNonce: string;
}

/** The shell of a page. Everything on it is built by its script; no inline style, no inline script, nothing evaluated. */
export function pageHtml({ title, rootId, cspSource, script, style, scriptNonce, styleNonce }: PageResources): string {
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
<title>${escapeAttribute(title)}</title>
</head>
<body>
<main id="${escapeAttribute(rootId)}"></main>
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
