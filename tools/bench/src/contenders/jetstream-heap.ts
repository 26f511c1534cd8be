import type { Contender, Copied } from './contender.ts';
import { heapFigures } from './heap-figures.ts';
import { headerBytes, jetstream } from './jetstream.ts';

const PACKET_BYTES = 1500;
/** Loading, connecting, finding the packet size: until then allocations do not count. */
const WARM_UP_MS = 1500;

/** jetstream with V8 telling of each garbage collection, and so often that 1 MB per thread is not overlooked. */
export function jetstreamHeap(): Contender {
  return jetstream({
    name: 'jetstream-heap',
    about: 'jetstream with --trace-gc and a young generation of 1 MB: what its threads allocate',
    nodeFlags: ['--trace-gc', '--min-semi-space-size=1', '--max-semi-space-size=1'],
    figures: allocations,
  });
}

function allocations({ bytes, seconds, sender, receiver }: Copied): Record<string, number> {
  const packets = bytes / (PACKET_BYTES - headerBytes(bytes));
  const counted = packets * Math.max(0, 1 - WARM_UP_MS / 1000 / seconds);
  const figures: Record<string, number> = {};
  for (const [name, { output, copyFromMs }] of Object.entries({ sender, receiver })) {
    const { allocatedMB, grownMB } = heapFigures(output, copyFromMs + WARM_UP_MS);
    figures[`${name}: allocated, MB`] = allocatedMB;
    figures[`${name}: allocated per packet, B`] = (allocatedMB * 1e6) / counted;
    figures[`${name}: heap grown, MB`] = grownMB;
  }
  return figures;
}
