import { createTargetResolver } from '@jetstream/manifest';
import { loadBlake3 } from '../digest.ts';
import type { FileSystem } from '../file-system.ts';
import { createTreeReader, type TreeReaderOptions } from '../tree-reader.ts';
import { createTreeWriter, type TreeWriterOptions } from '../tree-writer.ts';
import type { Surroundings } from './surroundings.ts';
import { type TransferOptions, type TransferOutcome, transfer } from './transfer.ts';

const blake3 = await loadBlake3();
const { resolve } = createTargetResolver({});

export interface CopyTree extends Partial<Omit<TreeWriterOptions, 'fileSystem'>> {
  /** As whom, with what limits; default: held beneath `/target`. */
  targetSystem?: FileSystem;
  reader?: Partial<TreeReaderOptions>;
  transfer?: TransferOptions;
}

/** Copies what is in `/source` into `/target`, to the end. */
export function copyTree(surroundings: Surroundings, options: CopyTree = {}): TransferOutcome {
  const { targetSystem = surroundings.open('/target'), reader: readerOptions, ...writerOptions } = options;
  const reader = createTreeReader({
    fileSystem: surroundings.open('/source'),
    blake3,
    mappings: [{ source: '/', target: '/' }],
    symlinks: 'follow',
    ...readerOptions,
  });
  const writer = createTreeWriter({
    fileSystem: targetSystem,
    blake3,
    resolve,
    transferId: 't',
    maxEntries: 1000,
    umask: 0o022,
    ...writerOptions,
  });
  const outcome = transfer(reader, writer, options.transfer);
  writer.removeDead(writer.finish().deadPartials);
  reader.close();
  return outcome;
}

/** What became of each file. */
export function verdicts({ results }: TransferOutcome): Record<string, string> {
  const files = results.filter(({ kind }) => kind === 'file');
  return Object.fromEntries(
    files.map(({ target, code, skipped }) => [
      target.slice(1),
      code === 'none' && skipped ? 'skipped' : code,
    ]),
  );
}
