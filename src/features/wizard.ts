import { BACK, type StepFrame } from '../vscode/quickInput';

/** One question. `ask` gives the next state, or BACK. */
export interface WizardStep<S> {
  applies(state: S): boolean;
  ask(state: S, frame: StepFrame): Promise<S | typeof BACK>;
}

/** Asks the steps that apply, one after the other; Back returns to the one asked before, with its answer kept. */
export async function runWizard<S>(title: string, steps: readonly WizardStep<S>[], initial: S): Promise<S> {
  let state = initial;
  const asked: number[] = [];
  for (let index = nextStep(steps, state, 0); index < steps.length;) {
    const frame = { title, step: asked.length + 1, totalSteps: totalSteps(steps, state), canGoBack: asked.length > 0 };
    const answer = await steps[index]!.ask(state, frame);
    if (answer === BACK) {
      index = asked.pop() ?? index;
      continue;
    }
    state = answer;
    asked.push(index);
    index = nextStep(steps, state, index + 1);
  }
  return state;
}

function nextStep<S>(steps: readonly WizardStep<S>[], state: S, from: number): number {
  const next = steps.findIndex((step, index) => index >= from && step.applies(state));
  return next === -1 ? steps.length : next;
}

function totalSteps<S>(steps: readonly WizardStep<S>[], state: S): number {
  return steps.filter((step) => step.applies(state)).length;
}
