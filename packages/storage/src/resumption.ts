import { displayPath } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import type { ChunkReader } from './chunk-reader.ts';
import { bytesOf } from './chunk-runs.ts';
import { asFileFailure } from './errno.ts';
import type { OpenFile } from './file-system.ts';
import { PartialCheck } from './partial-check.ts';
import type { PartialFiles } from './partial-files.ts';
import type { ResumeRecord } from './resume-record.ts';
import { digestsOf, type TargetFile } from './target-file.ts';
import { componentsOf } from './target-tree.ts';
import type { EntryPlan } from './tree-writer.ts';

/** A plan is one of several in a message. */
const MAX_PLAN_RUNS = 10_000;

/** What to do with what becomes of a file; both give its failure to whom it belongs. */
export interface ResumptionOutcome {
  /** A chunk is on the disk. */
  found(file: TargetFile, chunk: number, byteLength: number, digest: Uint8Array): void;
  /** It is known by now whether there is an unfinished file of it, which was taken up then. */
  known(file: TargetFile): void;
}

interface Awaiting {
  readonly file: TargetFile;
  isAnswered: boolean;
  record: ResumeRecord | undefined;
  /** Its unfinished file was taken up and is being read. */
  check: PartialCheck | undefined;
}

/**
 * Files of which it is not known yet what is there: they wait, in the order of the layout, for a record and then for the check of the
 * unfinished file that it names. Whatever is wrong with these, the file is begun anew.
 */
export class Resumption {
  readonly #partials: PartialFiles;
  readonly #reader: ChunkReader;
  readonly #awaiting = new Map<number, Awaiting>();

  constructor(partials: PartialFiles, reader: ChunkReader) {
    this.#partials = partials;
    this.#reader = reader;
  }

  await(file: TargetFile): void {
    this.#awaiting.set(file.index, { file, isAnswered: false, record: undefined, check: undefined });
  }

  answer(index: number, record: ResumeRecord | undefined): void {
    const awaiting = this.#awaiting.get(index);
    if (awaiting === undefined) return;
    awaiting.isAnswered = true;
    awaiting.record = record;
  }

  /** It is not known what is there of it: nothing of it is planned. */
  isUnknown(file: TargetFile): boolean {
    const awaiting = this.#awaiting.get(file.index);
    return awaiting !== undefined && awaiting.check === undefined;
  }

  /** It is not known, or not all checked, what is there of it. */
  isPending(file: TargetFile): boolean {
    return this.#awaiting.has(file.index);
  }

  /** An unfinished file is being read again. */
  get isChecking(): boolean {
    return this.#head?.check !== undefined;
  }

  /** Blocks below it may be planned. */
  get firstUnknownBlock(): number {
    const head = this.#head;
    if (head === undefined) return Number.POSITIVE_INFINITY;
    return blockOf(head.file) + (head.check?.nextChunk ?? 0);
  }

  /** It has its result. */
  forget(file: TargetFile): void {
    this.#awaiting.delete(file.index);
  }

  /** Goes on with the files whose answers are there, until about so many bytes were read. */
  goOn(maxBytes: number, outcome: ResumptionOutcome): { plans: EntryPlan[]; notes: string[]; more: boolean } {
    const plans: EntryPlan[] = [];
    const notes: string[] = [];
    let head = this.#head;
    for (let left = maxBytes; head?.isAnswered && left > 0; head = this.#head) {
      if (head.record !== undefined) this.#begin(head, head.record, notes);
      if (head.check !== undefined) left -= this.#checkOn(head, head.check, left, plans, outcome);
      if (head.check?.nextChunk === undefined) this.#end(head, notes, outcome);
    }
    return { plans, notes, more: head?.isAnswered === true };
  }

  get #head(): Awaiting | undefined {
    return this.#awaiting.values().next().value;
  }

  #begin(awaiting: Awaiting, record: ResumeRecord, notes: string[]): void {
    const { file } = awaiting;
    if (awaiting.check !== undefined) return;
    const reason = isOfSource(record, file) ? this.#partials.takeUp(file, record) : changed(record);
    if (reason === undefined) {
      if (file.record !== undefined) file.record.isStored = true;
      awaiting.check = new PartialCheck(record);
      return;
    }
    awaiting.record = undefined;
    this.#partials.removeRecorded(file, record);
    notes.push(`${shown(file)}: starts again: ${reason}`);
  }

  /** @returns bytes read */
  #checkOn(
    { file }: Awaiting,
    check: PartialCheck,
    maxBytes: number,
    plans: EntryPlan[],
    { found }: ResumptionOutcome,
  ): number {
    const isWanted = (chunk: number) => file.digests?.has(chunk) !== true;
    let partial: OpenFile;
    try {
      partial = this.#partials.openForReading(file);
    } catch (error) {
      asFileFailure(error);
      check.giveUp();
      return 0;
    }
    const { present, readBytes } = check.readOn(maxBytes, partial, this.#reader, isWanted);
    plans.push(
      ...planned(
        file,
        present.map(({ chunk }) => chunk),
      ),
    );
    for (const { chunk, digest } of present) {
      if (file.settled) break;
      found(file, chunk, bytesOf(chunk, file.size), digest);
    }
    return readBytes;
  }

  #end({ file, record, check }: Awaiting, notes: string[], outcome: ResumptionOutcome): void {
    this.#awaiting.delete(file.index);
    if (file.settled) return;
    if (record !== undefined && check !== undefined) {
      this.#partials.closeAfterReading(file);
      digestsOf(file).keepStored(record.segments);
      const durableBytes = file.record?.durableBytes ?? 0;
      const wrong = check.wrongChunks === 0 ? '' : `; ${check.wrongChunks} MiB were not as recorded`;
      const how = durableBytes === 0 ? 'starts again' : `goes on from ${durableBytes} of ${file.size} bytes`;
      notes.push(`${shown(file)}: ${how}${wrong}`);
    }
    outcome.known(file);
  }
}

/** The source is what it was when the unfinished file was begun. */
function isOfSource(record: ResumeRecord, file: TargetFile): boolean {
  return (
    record.size === file.size &&
    record.mtimeSeconds === file.mtimeSeconds &&
    record.mtimeNanoseconds === file.mtimeNanoseconds &&
    record.sourceInode === file.sourceInode
  );
}

function changed({ mtimeSeconds }: ResumeRecord): string {
  const since = new Date(mtimeSeconds * 1000);
  return `its source changed since ${Number.isNaN(since.getTime()) ? mtimeSeconds : since.toISOString()}`;
}

function planned(file: TargetFile, chunks: readonly number[]): EntryPlan[] {
  const plans: EntryPlan[] = [];
  let have: number[] = [];
  let end = 0;
  for (const chunk of chunks) {
    if (have.length > 0 && chunk === end) have[have.length - 1]!++;
    else {
      if (have.length >= 2 * MAX_PLAN_RUNS) {
        plans.push({ index: file.index, digestsFirst: false, have });
        [have, end] = [[], 0];
      }
      have.push(chunk - end, 1);
    }
    end = chunk + 1;
  }
  if (have.length > 0) plans.push({ index: file.index, digestsFirst: false, have });
  return plans;
}

function blockOf({ address }: TargetFile): number {
  return Math.floor(address / BLOCK_BYTES);
}

function shown({ directory, name }: TargetFile): string {
  return displayPath(componentsOf(directory, name));
}
