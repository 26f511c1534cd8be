import type { PacketSink, SharedLink } from './bottleneck.ts';
import { CoDel } from './codel.ts';

/** What a flow may send in its turn, at least. */
const QUANTUM_BYTES = 1_514;

interface Waiting {
  packet: number;
  bytes: number;
  arrivedUs: number;
}

/** The queue of one sender. */
class FlowQueue {
  readonly sink: PacketSink;
  readonly codel = new CoDel();
  bytes = 0;
  deficitBytes = QUANTUM_BYTES;
  #waiting: Waiting[] = [];
  #head = 0;

  constructor(sink: PacketSink) {
    this.sink = sink;
  }

  push(waiting: Waiting): void {
    this.bytes += waiting.bytes;
    this.#waiting.push(waiting);
  }

  shift(): Waiting | undefined {
    const first = this.#waiting[this.#head];
    if (first === undefined) return undefined;
    this.bytes -= first.bytes;
    if (++this.#head > 1_000 && 2 * this.#head > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}

/**
 * FQ-CoDel (RFC 8290) without its hashing: every sender has a queue of its own, served in turns (deficit round robin) and kept
 * short by CoDel. When all hold more than the buffer, the longest loses its head.
 */
export class FairQueue implements SharedLink {
  droppedBytes = 0;
  maxQueueBytes = 0;
  readonly #bytesPerSecond: number;
  readonly #bufferBytes: number;
  readonly #flows = new Map<PacketSink, FlowQueue>();
  /** Those with packets, in the order of their turns. */
  #turns: FlowQueue[] = [];
  #bytes = 0;
  #busyUntilUs = 0;

  constructor(bytesPerSecond: number, bufferBytes: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#bufferBytes = bufferBytes;
  }

  offer(nowUs: number, bytes: number, sink: PacketSink, packet: number): void {
    let flow = this.#flows.get(sink);
    if (flow === undefined) {
      flow = new FlowQueue(sink);
      this.#flows.set(sink, flow);
    }
    if (flow.bytes === 0) {
      flow.deficitBytes = QUANTUM_BYTES;
      this.#turns.push(flow);
    }
    flow.push({ packet, bytes, arrivedUs: nowUs });
    this.#bytes += bytes;
    while (this.#bytes > this.#bufferBytes) this.#dropFromLongest();
    this.maxQueueBytes = Math.max(this.maxQueueBytes, this.#bytes);
    if (this.#busyUntilUs <= nowUs) this.#serve(nowUs);
  }

  queuedBytes(): number {
    return this.#bytes;
  }

  nextEventUs(): number {
    return this.#turns.length > 0 ? this.#busyUntilUs : Number.POSITIVE_INFINITY;
  }

  handleEvent(nowUs: number): void {
    this.#serve(nowUs);
  }

  #serve(nowUs: number): void {
    for (let flow = this.#turns[0]; flow !== undefined; flow = this.#turns[0]) {
      if (flow.deficitBytes <= 0) {
        flow.deficitBytes += QUANTUM_BYTES;
        this.#turns.push(this.#turns.shift()!);
        continue;
      }
      const first = flow.shift()!;
      this.#bytes -= first.bytes;
      if (flow.bytes === 0) this.#turns.shift();
      if (flow.codel.drops(first.arrivedUs, nowUs)) {
        this.droppedBytes += first.bytes;
        continue;
      }
      flow.deficitBytes -= first.bytes;
      this.#busyUntilUs = nowUs + (first.bytes * 1e6) / this.#bytesPerSecond;
      flow.sink.onDeparture(first.packet, this.#busyUntilUs);
      return;
    }
  }

  #dropFromLongest(): void {
    const longest = this.#turns.reduce((most, flow) => (flow.bytes > most.bytes ? flow : most));
    const { bytes } = longest.shift()!;
    this.#bytes -= bytes;
    this.droppedBytes += bytes;
    if (longest.bytes === 0) this.#turns = this.#turns.filter((flow) => flow !== longest);
  }
}
