import type { AskAnswer, AskColumn, AskForm, AskSnapshot } from '../../src/shared/askProtocol';
import { button } from '../controls';
import { element } from '../elements';
import { AskFormView } from './askForm';

export interface AskPageActions {
  onAsk(form: AskForm): void;
  onCancel(): void;
  onKeep(): void;
  onEdit(form: AskForm): void;
}

/** The form, and below it everybody's answers side by side. */
export class AskPage {
  private readonly heading = element('h1', {}, 'Ask');
  private readonly warnings = element('div', { class: 'warnings' });
  private readonly actionBar = element('div', { class: 'actions' });
  private readonly status = element('p', { class: 'status', attributes: { role: 'status' } });
  private readonly answers = element('div', { class: 'columns' });
  private readonly form: AskFormView;
  private isBusy = false;
  private canKeep = false;

  constructor(root: HTMLElement, private readonly actions: AskPageActions) {
    this.form = new AskFormView(() => this.ask(), () => this.actions.onEdit(this.form.value));
    root.append(this.heading, this.warnings, this.form.element, this.actionBar, this.status, this.answers);
    this.showActions();
  }

  show(snapshot: AskSnapshot, kept: AskForm | null): void {
    this.heading.textContent = `Ask: ${snapshot.title}`;
    this.warnings.replaceChildren(...snapshot.warnings.map((text) => element('p', { class: 'warning', attributes: { role: 'note' } }, text)));
    this.form.show(snapshot, kept);
    this.say(snapshot.status, snapshot.isError);
    if (snapshot.isBusy !== this.isBusy || snapshot.canKeep !== this.canKeep) {
      this.isBusy = snapshot.isBusy;
      this.canKeep = snapshot.canKeep;
      this.showActions();
    }
    const asked = snapshot.question === null ? [] : [element('p', { class: 'asked' }, snapshot.question)];
    this.answers.replaceChildren(...asked, element('div', { class: 'grid' }, ...snapshot.columns.map(column)));
  }

  private ask(): void {
    const { problem } = this.form;
    if (problem !== null) return this.say(problem, true);
    this.actions.onAsk(this.form.value);
  }

  private showActions(): void {
    this.actionBar.replaceChildren(
      this.isBusy ? button('Stop', () => this.actions.onCancel()) : button('Ask', () => this.ask(), { title: 'Ctrl+Enter' }),
      ...(this.canKeep ? [button('Keep as Evaluation', () => this.actions.onKeep(), { title: 'Keeps these answers with their scores in the workspace' })] : []));
  }

  private say(text: string, isError: boolean): void {
    this.status.textContent = text;
    this.status.classList.toggle('error', isError);
  }
}

function column({ name, answers, expected }: AskColumn): HTMLElement {
  const missing = expected - answers.length;
  return element('section', { class: 'column' },
    element('h2', {}, name),
    ...answers.map(answerCard),
    missing > 0 ? element('p', { class: 'waiting' }, `${missing} to come…`) : null);
}

function answerCard({ text, verdict, isFlagged, isCutOff }: AskAnswer): HTMLElement {
  return element('article', { class: isFlagged ? 'answer flagged' : 'answer' },
    element('p', { class: 'text' }, text.trim() === '' ? '(empty answer)' : text, isCutOff ? element('span', { class: 'hint' }, ' … cut off') : null),
    element('p', { class: 'verdict' }, verdict === '' ? 'not judged yet' : verdict));
}
