import type { DeadPartial, ResumeAnswer, ResumeLookup, ResumeRecord, ResumeUpdate } from '@jetstream/storage';
import type { ResumeJournal } from '../resume/resume-journal.ts';

/** Resume records that outlive transfers, in memory. */
export class MemoryJournal implements ResumeJournal {
  readonly records = new Map<string, ResumeRecord>();
  readonly notes: string[] = [];
  /** What becomes of the next saves. */
  savesWell = true;
  released = 0;

  async claim(lookups: readonly ResumeLookup[]): Promise<ResumeAnswer[]> {
    return lookups.map(({ index, key }) => ({ index, record: this.records.get(key) }));
  }

  async save(updates: readonly ResumeUpdate[]): Promise<boolean> {
    if (!this.savesWell) return false;
    for (const { key, header, segments } of updates) {
      const kept = new Map(
        (this.records.get(key)?.segments ?? []).map((segment) => [segment.number, segment]),
      );
      for (const segment of segments) kept.set(segment.number, segment);
      this.records.set(key, { key, ...header, segments: [...kept.values()] });
    }
    return true;
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.records.delete(key);
  }

  async dead(candidates: readonly DeadPartial[]): Promise<DeadPartial[]> {
    const partials = new Set([...this.records.values()].map(({ partialName }) => partialName));
    return candidates.filter(({ name }) => !partials.has(name));
  }

  async release(): Promise<void> {
    this.released++;
  }

  note(text: string): void {
    this.notes.push(text);
  }
}
