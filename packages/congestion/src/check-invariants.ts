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
  'eventUs',
  'lastLostPacket',
  'probeRttUntilBytes',
  'newestNumber',
]);
/** State of either sign. */
const MAY_BE_NEGATIVE: ReadonlySet<string> = new Set(['aheadBytes']);
/** Longer arrays are rings of what was sent, which come out through samples; those are looked at. */
const MAX_ARRAY_LENGTH = 64;

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
  checkNumbers(controller, controller.name);
}

/**
 * The same for all numbers of any object: a pacer, an estimator, a sample.
 * @param path names the object in the message
 * @throws Error naming the field
 */
export function checkNumbers(object: object, path: string): void {
  // Run after every event of every simulation: `for in` is the quickest way through an object, and it is its own fields only.
  for (const name in object) {
    const value: unknown = object[name as keyof object];
    if (typeof value === 'number') {
      if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) checkOdd(value, name, path);
    } else if (typeof value === 'object' && value !== null) {
      if (value instanceof Float64Array) checkArray(value, name, path);
      else checkNumbers(value, `${path}.${name}`);
    }
  }
}

function checkArray(values: Float64Array, name: string, path: string): void {
  if (values.length > MAX_ARRAY_LENGTH) return;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
      throw new Error(`${path}.${name}.${index} is ${value}`);
  }
}

function checkOdd(value: number, name: string, path: string): void {
  if (value === Number.POSITIVE_INFINITY && MAY_BE_UNBOUNDED.has(name)) return;
  if (value === -1 && MAY_BE_NONE.has(name)) return;
  if (Number.isFinite(value) && MAY_BE_NEGATIVE.has(name)) return;
  throw new Error(`${path}.${name} is ${value}`);
}
