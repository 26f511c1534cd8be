import type {
  DeadPartial,
  ResumeAnswer,
  ResumeLookup,
  ResumeRecord,
  ResumeUpdate,
} from '../resume-record.ts';

/** Resume records in memory, as package `state` keeps them on a disk. */
export class RecordStore {
  readonly records: Map<string, ResumeRecord>;

  constructor(records: Iterable<ResumeRecord> = []) {
    this.records = new Map([...records].map((record) => [record.key, structuredClone(record)]));
  }

  claim(lookups: readonly ResumeLookup[]): ResumeAnswer[] {
    return lookups.map(({ index, key }) => ({ index, record: structuredClone(this.records.get(key)) }));
  }

  /** An update with another header begins a new record. */
  save(updates: readonly ResumeUpdate[]): void {
    for (const { key, header, segments } of updates) {
      const { segments: known = [], ...stored } = this.records.get(key) ?? {};
      const isSame = JSON.stringify(stored) === JSON.stringify({ key, ...header });
      const changed = new Set(segments.map(({ number }) => number));
      const kept = isSame ? known.filter(({ number }) => !changed.has(number)) : [];
      this.records.set(key, { key, ...header, segments: [...kept, ...segments] });
    }
  }

  remove(keys: readonly string[]): void {
    for (const key of keys) this.records.delete(key);
  }

  /** Those that no record names. */
  dead(candidates: readonly DeadPartial[]): DeadPartial[] {
    const named = new Set<string>();
    for (const { key, partialName } of this.records.values()) named.add(key.replace(/[^/]*$/, partialName));
    return candidates.filter(({ path }) => !named.has(path));
  }
}
