import { element } from '../elements';

export type TooltipValue = Readonly<Record<string, unknown>> | string | null | undefined;

const GAP = 12;

/** A small table beside the pointer. */
export class Tooltip {
  readonly element = element('div', { class: 'tooltip', attributes: { role: 'tooltip', hidden: '' } });

  show(x: number, y: number, value: TooltipValue): void {
    if (value === null || value === undefined || value === '') return this.hide();
    const rows = typeof value === 'string' ? [['', value]] : Object.entries(value);
    this.element.replaceChildren(...rows.map(([key, text]) => element('div', {},
      element('span', { class: 'tooltip-key' }, String(key)), element('span', {}, String(text)))));
    this.element.hidden = false;
    const { width, height } = this.element.getBoundingClientRect();
    // Set through the object model, which the policy allows; a style attribute it would not.
    this.element.style.left = `${Math.max(0, Math.min(x + GAP, document.documentElement.clientWidth - width - GAP))}px`;
    this.element.style.top = `${y + GAP + height > window.innerHeight ? Math.max(0, y - GAP - height) : y + GAP}px`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
