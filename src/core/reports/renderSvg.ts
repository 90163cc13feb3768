import type { TopLevelSpec } from 'vega-lite';
import { escapeHtml } from './escapeHtml';
import { approximateTextWidth } from './textWidth';

/** Draws a Vega-Lite specification as SVG, without a browser. Expressions are interpreted, never compiled to code. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const [vega, vegaLite, { expressionInterpreter }] = await Promise.all([
    import('vega'),
    import('vega-lite'),
    import('vega-interpreter'),
  ]);
  measureTextWithoutCanvas(vega);
  const { spec: compiled } = vegaLite.compile(spec, { logger: vega.logger(vega.Error) });
  const view = new vega.View(vega.parse(compiled, undefined, { ast: true }), { renderer: 'none', expr: expressionInterpreter });
  try {
    return withDescription(await view.toSVG(), spec.description ?? '');
  } finally {
    view.finalize();
  }
}

function withDescription(svg: string, description: string): string {
  return svg.replace('<svg ', () => `<svg role="img" aria-label="${escapeHtml(description)}" `);
}

interface TextItem {
  readonly fontSize?: number;
}

interface TextMetrics {
  width: (item: TextItem, text: unknown) => number;
}

// Not in Vega's types.
function measureTextWithoutCanvas(vega: typeof import('vega')): void {
  const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };
  textMetrics.width = ({ fontSize = 11 }, text) => approximateTextWidth(String(text ?? ''), fontSize);
}
