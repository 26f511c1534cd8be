import type { CongestionController } from './controller.ts';

/** State in which Infinity stands for a bound that is not set. */
const MAY_BE_UNBOUNDED: ReadonlySet<string> = new Set([
  'bwShortterm',
  'inflightShortterm',
  'inflightLongterm',
  'undoBwShortterm',
  'undoInflightShortterm',
  'undoInflightLongterm',
  'slowStartThreshold',
]);
/** State in which -1 stands for none. */
const MAY_BE_NONE: ReadonlySet<string> = new Set([
  'backedOffUs',
  'startedUs',
  'lastLostPacket',
  'probeRttUntilBytes',
  'newestNumber',
]);
/** State of either sign. */
const MAY_BE_NEGATIVE: ReadonlySet<string> = new Set(['aheadBytes', 'dueUs']);
/** Larger arrays are rings of what was sent, which come out through samples; those are looked at. */
const MAX_ARRAY_BYTES = 512;

/**
 * For tests, after every event: every number a controller holds, at any depth, is finite and not negative, with the exceptions
 * named above; its window is at least two datagrams and its pacing rate above zero.
 * @throws Error naming the field
 */
export function checkInvariants(controller: CongestionController, datagramBytes: number): void {
  const { windowBytes, pacingRate } = controller;
  if (!Number.isFinite(windowBytes) || windowBytes < 2 * datagramBytes)
    throw new Error(`windowBytes is ${windowBytes}`);
  if (!Number.isFinite(pacingRate) || pacingRate <= 0) throw new Error(`pacingRate is ${pacingRate}`);
  checkNumbers(controller, `${controller.constructor.name} ${controller.name}`);
}

/**
 * The same for all numbers of any object: a pacer, an estimator, a sample.
 * @param kind names the object in the message; objects of one kind have the same fields
 * @throws Error naming the field
 */
export function checkNumbers(object: object, kind: string): void {
  let holds = CHECKS.get(kind);
  if (holds === undefined) {
    holds = compile(object);
    CHECKS.set(kind, holds);
  }
  if (!holds(object)) throw new Error(findOdd(object, kind) ?? `${kind} has other fields than before`);
}

type Check = (object: object) => boolean;

/**
 * Checks run after every event of every simulation. Going through an object's fields by name would take most of the time, so for each
 * kind a function is made that names them (`object.state.cwnd >= 0 && …`): a tenth of the cost.
 */
const CHECKS = new Map<string, Check>();

function compile(object: object): Check {
  const terms: string[] = [];
  collectTerms(object, 'object', terms);
  if (terms.length === 0) throw new Error('there are no numbers to look at');
  const make = new Function('findOdd', `return (object) => ${terms.join(' && ')};`) as (
    find: typeof findOdd,
  ) => Check;
  return make(findOdd);
}

function collectTerms(object: object, path: string, terms: string[]): void {
  for (const [name, value] of numbersAndParts(object)) {
    const at = ArrayBuffer.isView(object) ? `${path}[${name}]` : `${path}.${name}`;
    if (typeof value === 'number') terms.push(`${at} >= ${least(name)} && ${at} <= ${most(name)}`);
    else if (value === undefined) terms.push(`(${at} === undefined || findOdd(${at}, '') === undefined)`);
    else collectTerms(value, at, terms);
  }
}

/** @returns what is wrong with the first number that is not as it should be */
function findOdd(object: object, path: string): string | undefined {
  for (const [name, value] of numbersAndParts(object)) {
    const at = `${path}.${name}`;
    if (typeof value === 'number') {
      if (!(value >= least(name) && value <= most(name))) return `${at} is ${value}`;
    } else if (value !== undefined) {
      const odd = findOdd(value, at);
      if (odd !== undefined) return odd;
    }
  }
  return undefined;
}

/** Fields with a number, with a part that has numbers, or with a part that is not there now. */
function numbersAndParts(object: object): [string, number | object | undefined][] {
  if (ArrayBuffer.isView(object) && object.byteLength > MAX_ARRAY_BYTES) return [];
  return Object.entries(object).filter(
    ([, value]) => typeof value === 'number' || typeof value === 'object' || value === undefined,
  );
}

function least(name: string): number {
  if (MAY_BE_NEGATIVE.has(name)) return -Number.MAX_VALUE;
  return MAY_BE_NONE.has(name) ? -1 : 0;
}

function most(name: string): number {
  return MAY_BE_UNBOUNDED.has(name) ? Number.POSITIVE_INFINITY : Number.MAX_VALUE;
}
