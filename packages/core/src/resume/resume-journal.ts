import type { DeadPartial, ResumeAnswer, ResumeLookup, ResumeUpdate } from '@jetstream/storage';

/**
 * One receiving transfer's share of the resume records. No method rejects: what cannot be read is not there, what cannot be saved is
 * noted.
 */
export interface ResumeJournal {
  /** Answers each lookup once, in order. May take a second, when another transfer holds the record. */
  claim(lookups: readonly ResumeLookup[]): Promise<ResumeAnswer[]>;
  /** Saves what the writer gave, all of it or nothing; called in the order in which it gave them. @returns whether it is saved */
  save(updates: readonly ResumeUpdate[]): Promise<boolean>;
  /** Records of no use any more; behind what is being saved. */
  remove(keys: readonly string[]): Promise<void>;
  /** Those of the partial files that no record names. */
  dead(candidates: readonly DeadPartial[]): Promise<DeadPartial[]>;
  /** Gives up all that this transfer claimed; the last call, also after errors. */
  release(): Promise<void>;
  /** For the log. */
  note(text: string): void;
}
