/** What JetStream keeps between its runs. One process at a time has it open. */
export { openState, type State, type StateOptions } from './open-state.ts';
export type {
  ResumeHeader,
  ResumeRecord,
  ResumeSegment,
  ResumeUpdate,
} from './resume/resume-record.ts';
export type { ResumeStore } from './resume/resume-store.ts';
