import { DEFENSE_TYPES, defenseTypeNames } from '../../core/schema/defenses';
import type { CliContext } from '../context';
import { print, printJson } from '../output';

/** Lists the defense types; the trainer prints the same list of its own. */
export function defenses(context: CliContext): void {
  for (const type of defenseTypeNames) {
    const { title, summary, hooks, parameters } = DEFENSE_TYPES[type];
    if (context.json) printJson({ type, hooks, parameters: Object.keys(parameters) });
    else print(`${type.padEnd(12)} ${title}. ${summary}`);
  }
}
