/** What JetStream keeps between its runs. One process at a time has it open. */

export type { Change } from './objects/change.ts';
export type { Collection, CollectionOptions } from './objects/collection.ts';
export type { EventLogStore, EventQuery, LoggedEvent } from './objects/event-log-store.ts';
export type { ManifestFile, ManifestFileStore } from './objects/manifest-file-store.ts';
export { openState, type State, type StateOptions, volatileState } from './open-state.ts';
export type {
  ResumeHeader,
  ResumeRecord,
  ResumeSegment,
  ResumeUpdate,
} from './resume/resume-record.ts';
export type { ResumeStore } from './resume/resume-store.ts';
