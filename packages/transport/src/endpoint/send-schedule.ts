import type { Entry } from './connection-table.ts';
import { WakeQueue } from './wake-queue.ts';

/**
 * Datagrams that one entry may send in a row. Datagrams to one address go out in one system call (UDP GSO), which takes
 * up to 64 of them; all the same nobody waits for long.
 */
const TURN_DATAGRAMS = 32;

/**
 * Who is asked for datagrams, in which order: those that are ready take turns, the others sleep until their wake time.
 * The work depends on how many have something to send, not on how many there are.
 */
export class SendSchedule {
  readonly #sleeping = new WakeQueue<Entry>();
  /** A list linked through `Entry.nextReady`: nothing is allocated when turns change. */
  #first: Entry | undefined;
  #last: Entry | undefined;
  #sentInTurn = 0;

  /** In the past when somebody is ready. */
  nextWakeUs(): number {
    return this.current() === undefined ? this.#sleeping.nextUs : Number.NEGATIVE_INFINITY;
  }

  /** Makes those ready whose time has come. */
  wakeDue(nowUs: number): void {
    for (let due = this.#sleeping.takeDue(nowUs); due !== undefined; due = this.#sleeping.takeDue(nowUs)) {
      this.wake(due);
    }
  }

  /** Whose turn it is; undefined when nobody is ready. */
  current(): Entry | undefined {
    while (this.#first?.isRemoved) this.#takeFirst();
    return this.#first;
  }

  /** The current entry sent a datagram. */
  onSent(): void {
    if (++this.#sentInTurn >= TURN_DATAGRAMS) this.wake(this.#takeFirst());
  }

  /** The current entry has nothing to send before that time. */
  sleep(untilUs: number): void {
    this.#sleeping.set(this.#takeFirst(), untilUs);
  }

  /** Asks this entry at the next opportunity. */
  wake(entry: Entry): void {
    if (entry.isReady || entry.isRemoved) return;
    this.#sleeping.delete(entry);
    entry.isReady = true;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.nextReady = entry;
    this.#last = entry;
  }

  /** The wake time of this entry may have changed. One that is ready is asked anyway. */
  reschedule(entry: Entry): void {
    if (!entry.isReady && !entry.isRemoved) this.#sleeping.set(entry, entry.nextWakeUs());
  }

  /** To be called when an entry was removed from the table. One that is ready is passed over when its turn comes. */
  forget(entry: Entry): void {
    this.#sleeping.delete(entry);
  }

  #takeFirst(): Entry {
    const entry = this.#first!;
    this.#first = entry.nextReady;
    if (this.#first === undefined) this.#last = undefined;
    entry.nextReady = undefined;
    entry.isReady = false;
    this.#sentInTurn = 0;
    return entry;
  }
}
