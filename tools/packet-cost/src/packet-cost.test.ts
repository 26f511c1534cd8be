import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { aeadProvider, portableAead } from '@jetstream/platform';
import { describe, expect, it } from 'vitest';
import type { HeapReport } from './heap-meter.ts';
import type { SideReport } from './report.ts';

const PROGRAM = fileURLToPath(new URL('../dist/main.js', import.meta.url));
/**
 * A number with a fraction that one function gives to another takes 16 bytes, and each end has a few of them; a view of memory would
 * take 104 more, an event for each packet more than 50.
 */
const NUMBERS_BYTES = 160;
/** Those that OpenSSL and memcpy are given: 16 bytes each, too. */
const ADDRESSES_BYTES = 80;

/** Runs one stage in a process of its own. */
function measure(stage: string): HeapReport {
  const output = execFileSync(process.execPath, [
    '--expose-gc',
    PROGRAM,
    ...['--json', '--mib', '192', '--only', stage],
  ]);
  const [sender] = JSON.parse(output.toString())[stage] as SideReport[];
  return sender!.heap!;
}

describe('a packet of bulk data, from sender to receiver', () => {
  it('puts nothing on the heap but a few numbers, and nothing stays there', () => {
    const { bytesPerPacket, retainedBytes } = measure('states');
    expect(bytesPerPacket).toBeLessThan(NUMBERS_BYTES);
    expect(retainedBytes).toBeLessThan(2 ** 20);
  });

  it.skipIf(aeadProvider() === portableAead)(
    'puts no more there than the addresses that native encryption and copying are given (needs koffi)',
    () => {
      const { bytesPerPacket, retainedBytes } = measure('memory');
      expect(bytesPerPacket).toBeLessThan(NUMBERS_BYTES + ADDRESSES_BYTES);
      expect(retainedBytes).toBeLessThan(2 ** 20);
    },
  );
});
