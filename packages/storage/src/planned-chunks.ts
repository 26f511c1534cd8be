import { ChunkRuns } from './chunk-runs.ts';
import type { SourceFile } from './source-file.ts';
import type { EntryPlan } from './tree-writer.ts';
import { violation } from './violation.ts';

/**
 * Notes at a file what its receiver has of it. What several plans say of one file adds up, each going on behind the one before: so what is
 * remembered, and the work it makes, is no more than what the file and the messages have.
 * @throws JetStreamError `protocol-violation` when the file does not have these chunks, or they were told before
 */
export function applyPlan(file: SourceFile, { digestsFirst, have }: EntryPlan): void {
  if (file.size === 0) throw violation(`a plan of entry ${file.index} is for an entry without content`);
  const had = file.had ?? new ChunkRuns();
  let at = 0;
  for (let next = 0; next + 1 < have.length; next += 2) {
    const first = at + have[next]!;
    at = first + have[next + 1]!;
    if (at > file.chunks)
      throw violation(`a plan of entry ${file.index} has chunks that the file does not have`);
    if (first < had.end) throw violation(`a plan of entry ${file.index} has chunks twice, or not in order`);
    if (first < at) had.add([first, at]);
  }
  if (had.end > 0) file.had = had;
  file.digestsFirst ||= digestsFirst;
}
