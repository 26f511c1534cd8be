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
]);

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

function checkNumbers(object: object, path: string): void {
  for (const [name, value] of Object.entries(object)) {
    if (typeof value === 'object' && value !== null) checkNumbers(value, `${path}.${name}`);
    if (typeof value !== 'number') continue;
    const unbounded = value === Number.POSITIVE_INFINITY && MAY_BE_UNBOUNDED.has(name);
    const none = value === -1 && MAY_BE_NONE.has(name);
    if (!unbounded && !none && !(Number.isFinite(value) && value >= 0))
      throw new Error(`${path}.${name} is ${value}`);
  }
}
