import * as vega from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { PictureFormat } from '../../src/shared/plotProtocol';
import { Tooltip, type TooltipValue } from './tooltip';

/** A mark's row in the data. */
interface MarkDatum { readonly id?: unknown; readonly description?: unknown }
interface MarkItem { readonly datum?: MarkDatum; readonly tooltip?: unknown }

/** Draws a specification; a click or Enter on a point opens it. */
export class Chart {
  private view: vega.View | null = null;
  private readonly tooltip = new Tooltip();

  constructor(private readonly container: HTMLElement, private readonly onOpen: (id: string) => void) {
    container.after(this.tooltip.element);
  }

  async draw(spec: object | null): Promise<void> {
    this.view?.finalize();
    this.view = null;
    this.tooltip.hide();
    this.container.replaceChildren();
    if (spec === null) return;
    this.view = makeView(spec, 'svg')
      // Vega calls without an event where a plot is taken down.
      .tooltip((_handler: unknown, event: MouseEvent | null, _item: unknown, value: TooltipValue) => this.tooltip.show(event?.clientX ?? 0, event?.clientY ?? 0, value))
      .initialize(this.container)
      .hover();
    this.view.addEventListener('click', (_event, item) => this.open(item as MarkItem | null | undefined));
    await this.view.runAsync();
    this.makePointsReachable();
  }

  /** Points are buttons for the keyboard too: Tab reaches them, Enter opens them. */
  private makePointsReachable(): void {
    for (const path of this.container.querySelectorAll<SVGPathElement & { __data__?: MarkItem }>('.arms path, .mark-symbol path')) {
      const item = path.__data__;
      if (typeof item?.datum?.id !== 'string') continue;
      path.setAttribute('tabindex', '0');
      path.setAttribute('role', 'button');
      path.setAttribute('data-arm', item.datum.id);
      path.setAttribute('aria-label', `${String(item.datum.description ?? item.datum.id)}. Open its generations.`);
      path.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        this.open(item);
      });
      path.addEventListener('focus', () => {
        const { right, top } = path.getBoundingClientRect();
        this.tooltip.show(right, top, item.tooltip as TooltipValue);
      });
      path.addEventListener('blur', () => this.tooltip.hide());
    }
  }

  private open(item: MarkItem | null | undefined): void {
    const id = item?.datum?.id;
    if (typeof id === 'string') this.onOpen(id);
  }
}

/** A picture for a paper: SVG text, or a PNG at three times the size in base64. */
export async function drawPicture(spec: object, format: PictureFormat): Promise<string> {
  const view = makeView(spec, 'none');
  try {
    if (format === 'svg') return await view.toSVG();
    const canvas = await view.toCanvas(3) as unknown as HTMLCanvasElement;
    return canvas.toDataURL('image/png').split(',')[1] ?? '';
  } finally {
    view.finalize();
  }
}

/** Expressions are interpreted, never compiled to code: the page's policy forbids that. */
function makeView(spec: object, renderer: 'svg' | 'none'): vega.View {
  const compiled = compile(spec as TopLevelSpec, { logger: vega.logger(vega.Error) }).spec;
  return new vega.View(vega.parse(compiled, undefined, { ast: true }), { renderer, expr: expressionInterpreter });
}
