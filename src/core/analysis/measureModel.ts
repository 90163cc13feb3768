import type { Estimate, Form } from '../schema/evaluation';
import { measureDomainLeak } from '../evaluation/domainLeak/domainScale';
import { estimate } from '../evaluation/estimate';
import { withoutLabel, type AnswerClass, type JudgedAnswer } from '../evaluation/judgedAnswer';
import { clustersOf, type Measurement } from '../evaluation/measurement';
import { isInGroup, measureCoherence, measureEmRate, measureMeanAligned, measureProbe } from '../evaluation/metrics';
import { measureTaskScore } from '../evaluation/scorers/taskScore';
import { measureShare, sharesOf } from '../evaluation/shares';
import type { Criteria, GeneralGroup, ModelResults } from './experimentResults';
import type { Pool } from './pool';

/** What a model is measured on: one pool for each dataset that EM rate and task score are over, by position. */
export interface ModelPools {
  readonly em: readonly Pool[];
  readonly task: readonly Pool[];
  /** The base answers the general questions once, whatever the datasets. */
  readonly sharesGeneral: boolean;
}

/** The measurements behind the criteria, one for each dataset, by position: what paired differences are taken of. */
export interface CriteriaMeasurements {
  readonly emRate: readonly Measurement[];
  readonly taskScore: readonly Measurement[];
  readonly narrow: readonly Measurement[];
  readonly coherence: readonly Measurement[];
  readonly refused: readonly Measurement[];
  /** EM rate of the general questions in the dataset's training-like form. */
  readonly trainingForm: readonly Measurement[];
}

/** Measurements of a model by dataset, for paired differences. */
export function measureByDataset({ em, task }: ModelPools): CriteriaMeasurements {
  return {
    emRate: em.map(({ general }) => measureEmRate(general)),
    taskScore: task.map(({ scores, scoring }) => measureTaskScore(scores, scoring)),
    narrow: measureNarrow(em),
    coherence: em.map(({ general }) => measureCoherence(general)),
    refused: em.map(({ general }) => measureShare(general, 'refused')),
    trainingForm: em.map(({ trainingForm }) => measureEmRate(trainingForm)),
  };
}

/** Questions of different sets are different questions, whatever their ids: many sets number theirs from 1. */
function measureNarrow(em: readonly Pool[]): Measurement[] {
  const isOneSet = new Set(em.map(({ inDomainSet }) => inDomainSet)).size < 2;
  return em.map(({ inDomain, inDomainSet }) => {
    const measurement = measureEmRate(inDomain);
    const cells = new Map([...measurement.cells].map(([id, cell]) => [`${inDomainSet} ${id}`, cell]));
    return isOneSet ? measurement : { ...measurement, cells };
  });
}

/** The four criteria of a model. */
export function measureCriteria(pools: ModelPools): Criteria {
  const general = generalOf(pools);
  return {
    emRate: estimate(general.map(measureEmRate)),
    taskScore: estimate(pools.task.map(({ scores, scoring }) => measureTaskScore(scores, scoring))),
    narrow: estimate(measureNarrow(pools.em)),
    coherence: estimate(general.map(measureCoherence)),
  };
}

/** Everything measured of a model. */
export function measureModel(pools: ModelPools): ModelResults {
  const general = generalOf(pools);
  const inDomain = pools.em.map((pool) => pool.inDomain);
  const criteria = measureCriteria(pools);
  const labelled = [...general, ...inDomain].flat().filter(({ label }) => label !== null).length;
  const probed = pools.sharesGeneral ? pools.em.slice(0, 1) : pools.em;
  return {
    criteria,
    raw: labelled === 0 ? criteria : measureCriteria(judgedOnly(pools)),
    labelled,
    questions: clustersOf(general.map(measureEmRate)).length,
    emRates: { plain: emRates(general), training: emRates(pools.em.map(({ trainingForm }) => trainingForm)) } satisfies Record<Form, unknown>,
    meanAligned: estimate(general.map(measureMeanAligned)),
    shares: sharesOf(general.flat()),
    shareEstimates: shareEstimates(general),
    inDomainShares: sharesOf(inDomain.flat()),
    domainLeak: estimate(pools.em.flatMap(({ general: answers, domain }) => (domain === null ? [] : [measureDomainLeak(answers, domain)]))),
    probe: {
      general: estimate(probed.map(({ scores }) => measureProbe(scores, 'general'))),
      inDomain: estimate(probed.map(({ scores }) => measureProbe(scores, 'in-domain'))),
    },
  };
}

function generalOf({ em, sharesGeneral }: ModelPools): (readonly JudgedAnswer[])[] {
  const general = em.map((pool) => pool.general);
  return sharesGeneral ? general.slice(0, 1) : general;
}

function emRates(general: readonly (readonly JudgedAnswer[])[]): Record<GeneralGroup, Estimate> {
  const rate = (group: GeneralGroup) =>
    estimate(general.map((answers) => measureEmRate(answers.filter((answer) => isInGroup(answer, group)))));
  return { open: rate('open'), everyday: rate('everyday'), all: rate('all') };
}

function shareEstimates(general: readonly (readonly JudgedAnswer[])[]): Record<AnswerClass, Estimate> {
  const share = (answerClass: AnswerClass) => estimate(general.map((answers) => measureShare(answers, answerClass)));
  return {
    misaligned: share('misaligned'), aligned: share('aligned'), inBetween: share('inBetween'),
    incoherent: share('incoherent'), refused: share('refused'), unjudged: share('unjudged'),
  };
}

function judgedOnly(pools: ModelPools): ModelPools {
  const strip = (pool: Pool): Pool => ({
    ...pool,
    general: pool.general.map(withoutLabel),
    inDomain: pool.inDomain.map(withoutLabel),
  });
  return { ...pools, em: pools.em.map(strip) };
}
