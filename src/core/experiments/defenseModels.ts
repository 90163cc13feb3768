import { describeDefense } from '../schema/defenses';
import { MODEL_ROLES, type ModelRole } from '../configuration/defenseParts';
import type { ExpandedArm } from '../configuration/expandArms';
import { ModelError, referenceTo, type FoundModel } from '../environment/model';
import { siblingName } from '../environment/siblingName';
import type { FrozenArm, FrozenDefense } from './plan';

export type FindModel = (name: string) => Promise<FoundModel>;

/**
 * Finds the models that defenses are held to or compared with, and adds each to its defense as `<parameter>Model`.
 * A reference that is the base itself is left out: the base needs no second copy. Throws a ModelError for one that is not there or does not fit.
 */
export async function findDefenseModels(arms: readonly ExpandedArm[], base: FoundModel, find: FindModel): Promise<FrozenArm[]> {
  const search = new ModelSearch(base, find);
  const found: FrozenArm[] = [];
  for (const { name, defenses } of arms) {
    const complete: FrozenDefense[] = [];
    for (const defense of defenses) complete.push(await search.complete(defense));
    found.push({ name, defenses: complete });
  }
  return found;
}

class ModelSearch {
  private readonly known = new Map<string, Promise<FoundModel>>();

  constructor(private readonly base: FoundModel, private readonly find: FindModel) {}

  async complete(defense: FrozenDefense): Promise<FrozenDefense> {
    const complete: Record<string, unknown> = { ...defense };
    for (const [parameter, role] of Object.entries(describeDefense(defense.type).roles ?? {})) {
      if (!isModelRole(role)) continue;
      const model = await this.model(role, parameter, defense);
      if (model !== null && model.weightsHash !== this.base.weightsHash) complete[`${parameter}Model`] = referenceTo(model);
    }
    return complete as FrozenDefense;
  }

  private async model(role: ModelRole, parameter: string, defense: FrozenDefense): Promise<FoundModel | null> {
    const named = defense[parameter] as string | undefined;
    const model = role === 'sibling' ? await this.sibling(named, parameter) : named === undefined ? null : await this.lookUp(named);
    const fault = model && FITS[role](model, this.base);
    if (fault) throw new ModelError(`${model.name} cannot be the ${role === 'sibling' ? 'sibling' : 'reference'} of ${this.base.name}: ${fault}.`, `Name another model in \`${parameter}\`.`);
    return model;
  }

  private async sibling(named: string | undefined, parameter: string): Promise<FoundModel> {
    if (named !== undefined) return this.lookUp(named);
    const name = siblingName(this.base.name);
    if (name === null) throw new ModelError(`No sibling: the name ${this.base.name} does not tell which model it was before its alignment training.`, `Name that model in \`${parameter}\`.`);
    return this.lookUp(name).catch((error: unknown) => {
      if (!(error instanceof ModelError)) throw error;
      throw new ModelError(`No sibling: ${this.base.name} is by its name aligned from ${name}, which could not be had. ${error.message}`, `Or name the model before alignment training in \`${parameter}\`.`);
    });
  }

  private lookUp(name: string): Promise<FoundModel> {
    const model = this.known.get(name) ?? this.find(name);
    this.known.set(name, model);
    return model;
  }
}

function isModelRole(role: string): role is ModelRole {
  return (MODEL_ROLES as readonly string[]).includes(role);
}

/** Why a model cannot be to the base what its role says; null: nothing known speaks against it. */
const FITS: Readonly<Record<ModelRole, (model: FoundModel, base: FoundModel) => string | null>> = {
  'reference': (model, base) => otherTokenizer(model, base),
  'feature-reference': (model, base) => otherTokenizer(model, base) ?? otherSize(model, base),
  'sibling': (model, base) => (model.weightsHash === base.weightsHash ? 'it has the very same weights' : otherShapes(model, base)),
};

function otherTokenizer(model: FoundModel, base: FoundModel): string | null {
  if (differ(model.tokenizerHash, base.tokenizerHash)) return 'its tokenizer is another one';
  return differ(model.vocabulary, base.vocabulary) ? `it tells ${model.vocabulary} tokens apart, not ${base.vocabulary}` : null;
}

function otherSize(model: FoundModel, base: FoundModel): string | null {
  return differ(model.blocks, base.blocks) || differ(model.hiddenSize, base.hiddenSize)
    ? `it has ${model.blocks} blocks of width ${model.hiddenSize}, not ${base.blocks} of ${base.hiddenSize}` : null;
}

function otherShapes(model: FoundModel, base: FoundModel): string | null {
  return otherSize(model, base) ?? (differ(model.blockShapes, base.blockShapes) ? 'its weights have other shapes' : null);
}

function differ<T>(one: T | null, other: T | null): boolean {
  return one !== null && other !== null && one !== other;
}
