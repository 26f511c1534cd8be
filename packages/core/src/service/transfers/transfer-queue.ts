/** What the queue needs to know of a transfer. */
export interface QueuedTransfer {
  readonly transferId: string;
  readonly destinationId: string;
  readonly owner: string;
  /** Lower goes first. */
  readonly priority: number;
  readonly requestTime: number;
}

export interface QueueLimits {
  /** Transfers that run at once. */
  maxTransfers: number;
  /** Of them, to one destination. */
  maxTransfersPerDestination: number;
}

/** What one owner has waiting for one destination, in the order in which it goes. */
interface Line {
  readonly destinationId: string;
  readonly owner: string;
  readonly waiting: QueuedTransfer[];
}

/**
 * Which transfer goes next: the one of the lowest priority; of equal ones, the one of the owner who has the least running, then
 * of the one who waited longest for a turn, then the earliest. No time passes in here.
 */
export class TransferQueue {
  readonly #limits: QueueLimits;
  readonly #lines = new Map<string, Line>();
  readonly #waiting = new Map<string, QueuedTransfer>();
  readonly #running = new Map<string, QueuedTransfer>();
  readonly #runningOf = { owner: new Map<string, number>(), destination: new Map<string, number>() };
  readonly #destinationLimits = new Map<string, number>();
  /** Number of the turn that an owner had last. */
  readonly #lastTurns = new Map<string, number>();
  #turns = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get running(): number {
    return this.#running.size;
  }

  /** In place of what waits under its id; nothing while it runs. */
  add(transfer: QueuedTransfer): void {
    if (this.#running.has(transfer.transferId)) return;
    this.remove(transfer.transferId);
    const line = this.#lines.get(keyOf(transfer)) ?? { ...transfer, waiting: [] };
    this.#lines.set(keyOf(transfer), line);
    line.waiting.splice(placeFor(line.waiting, transfer), 0, transfer);
    this.#waiting.set(transfer.transferId, transfer);
  }

  /** Does nothing when it does not wait. */
  remove(transferId: string): void {
    const transfer = this.#waiting.get(transferId);
    if (transfer === undefined) return;
    const line = this.#lines.get(keyOf(transfer))!;
    line.waiting.splice(placeFor(line.waiting, transfer), 1);
    this.#onTaken(line, transferId);
  }

  /** @param limit instead of the general one; undefined: that again */
  limitDestination(destinationId: string, limit: number | undefined): void {
    if (limit === undefined) this.#destinationLimits.delete(destinationId);
    else this.#destinationLimits.set(destinationId, limit);
  }

  /** The next one, which runs from now on; undefined: none may. */
  take(): QueuedTransfer | undefined {
    if (this.#running.size >= this.#limits.maxTransfers) return undefined;
    let best: Line | undefined;
    for (const line of this.#lines.values()) {
      if (!this.#hasRoom(line.destinationId)) continue;
      if (best === undefined || this.#goesBefore(line, best)) best = line;
    }
    if (best === undefined) return undefined;
    const transfer = best.waiting.shift()!;
    this.#onTaken(best, transfer.transferId);
    this.#running.set(transfer.transferId, transfer);
    this.#count(transfer, 1);
    this.#lastTurns.set(transfer.owner, ++this.#turns);
    return transfer;
  }

  /** It does not run any more. */
  finish(transferId: string): void {
    const transfer = this.#running.get(transferId);
    if (transfer === undefined) return;
    this.#running.delete(transferId);
    this.#count(transfer, -1);
  }

  #hasRoom(destinationId: string): boolean {
    const { maxTransfersPerDestination } = this.#limits;
    const limit = this.#destinationLimits.get(destinationId) ?? maxTransfersPerDestination;
    return (this.#runningOf.destination.get(destinationId) ?? 0) < limit;
  }

  #goesBefore(one: Line, other: Line): boolean {
    const [a, b] = [one.waiting[0]!, other.waiting[0]!];
    return (
      (a.priority - b.priority ||
        this.#runningOfOwner(a) - this.#runningOfOwner(b) ||
        this.#lastTurnOf(a) - this.#lastTurnOf(b) ||
        compare(a, b)) < 0
    );
  }

  #runningOfOwner({ owner }: QueuedTransfer): number {
    return this.#runningOf.owner.get(owner) ?? 0;
  }

  #lastTurnOf({ owner }: QueuedTransfer): number {
    return this.#lastTurns.get(owner) ?? 0;
  }

  #count({ owner, destinationId }: QueuedTransfer, by: number): void {
    add(this.#runningOf.owner, owner, by);
    add(this.#runningOf.destination, destinationId, by);
  }

  #onTaken(line: Line, transferId: string): void {
    this.#waiting.delete(transferId);
    if (line.waiting.length === 0) this.#lines.delete(keyOf(line));
  }
}

/** Neither an account's name nor an id has a `\0`. */
function keyOf({ destinationId, owner }: Line | QueuedTransfer): string {
  return `${destinationId}\0${owner}`;
}

function compare(a: QueuedTransfer, b: QueuedTransfer): number {
  return (
    a.priority - b.priority ||
    a.requestTime - b.requestTime ||
    Number(a.transferId > b.transferId) - Number(a.transferId < b.transferId)
  );
}

function placeFor(waiting: readonly QueuedTransfer[], transfer: QueuedTransfer): number {
  let [from, to] = [0, waiting.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compare(waiting[middle]!, transfer) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
