import { basename, dirname, resolve } from 'node:path';
import type { JSONPath } from 'jsonc-parser';
import type { WrittenDefense } from '../schema/defenses';
import type { WrittenArm } from '../schema/experimentFile';
import type { JsonDocument } from '../datasets/jsonDocument';
import { errorFinding, type Problem } from '../datasets/problem';
import { missingFile, missingPools, missingPoolsOf, readDefenseFile, type DefenseCheck } from './defenseFile';
import { expandStacks, withUndefended, type ArmRefusal, type ExpandedArm, type WrittenStack } from './expandArms';
import type { FileAccess } from './fileAccess';

export interface LoadedArms {
  readonly arms: readonly ExpandedArm[];
  readonly problems: readonly Problem[];
}

interface LoadedStack {
  /** Null where the arm's file cannot be used. */
  readonly stack: WrittenStack | null;
  readonly problems: readonly Problem[];
}

/** Makes the arms of an experiment file, defense files included, and finds what is wrong with them. */
export async function loadArms(document: JsonDocument, written: readonly WrittenArm[], files: FileAccess): Promise<LoadedArms> {
  const loader = new ArmLoader(document, files);
  const loaded: LoadedStack[] = [];
  for (const [index, arm] of written.entries()) {
    loaded.push(await loader.load(arm, ['arms', index]));
  }
  const usable = loaded.flatMap(({ stack }, index) => (stack ? [{ stack, index }] : []));
  const { arms, refusals } = expandStacks(usable.map(({ stack }) => stack));
  const problems = [
    ...loaded.flatMap((one) => one.problems),
    ...refusals.map((refusal) => refusalProblem(document, written, usable[refusal.stack]!.index, refusal)),
  ];
  return { arms: problems.some(({ severity }) => severity === 'error') ? [] : withUndefended(arms), problems };
}

class ArmLoader {
  private readonly checked = new Map<string, DefenseCheck>();

  constructor(private readonly document: JsonDocument, private readonly files: FileAccess) {}

  async load(arm: WrittenArm, path: JSONPath): Promise<LoadedStack> {
    if (arm === 'none') {
      return { stack: this.stack(null, [{ type: 'none' }]), problems: [] };
    }
    if (typeof arm === 'string') {
      return this.loadFile(arm, path);
    }
    if ('type' in arm) {
      return { stack: this.stack(null, [arm]), problems: await missingPoolsOf(this.document, path, arm, this.files) };
    }
    const problems = await missingPools(this.document, [...path, 'defenses'], arm.defenses, this.files);
    return { stack: this.stack(arm.name ?? null, arm.defenses), problems };
  }

  private stack(name: string | null, defenses: readonly WrittenDefense[]): WrittenStack {
    return { name, defenses, folder: dirname(this.document.file) };
  }

  private async loadFile(written: string, path: JSONPath): Promise<LoadedStack> {
    const file = resolve(dirname(this.document.file), written);
    if (!await this.files.isFile(file)) {
      return { stack: null, problems: [this.document.problemAt(path, missingFile(written))] };
    }
    const known = this.checked.get(file);
    const check = known ?? await readDefenseFile(file, this.files);
    this.checked.set(file, check);
    const errors = check.problems.filter(({ severity }) => severity === 'error').length;
    const problems = known ? [] : [...check.problems];
    if (errors > 0) {
      problems.push(this.document.problemAt(path, errorFinding('invalid-defense-file',
        `${basename(file)} has ${errors} ${errors === 1 ? 'error' : 'errors'}. Correct that file first.`)));
    }
    return { stack: check.value && { ...check.value, folder: dirname(file) }, problems };
  }
}

/** Refusals inside a defense file are reported there already; here they stand at the arm. */
function refusalProblem(document: JsonDocument, written: readonly WrittenArm[], index: number, refusal: ArmRefusal): Problem {
  const arm = written[index]!;
  const inList = refusal.defense !== null && typeof arm !== 'string' && 'defenses' in arm;
  return document.problemAt(['arms', index, ...(inList ? ['defenses', refusal.defense!] : [])], refusal.finding);
}
