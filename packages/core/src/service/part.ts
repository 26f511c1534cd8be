import type { ApiCaller, ApiHandlers } from '@jetstream/api';
import type { MetricSource } from '@jetstream/api/server';
import type { CleanUpTime, Removed } from './clean-up/removed.ts';

/** One part of the service: what it answers, and its life. Each method may be left out. */
export interface ServicePart {
  readonly commands?: Partial<ApiHandlers>;
  /** Its fields of `getServerInfo`. */
  serverInfo?(caller: ApiCaller): object;
  /** Its figures for `/metrics`. */
  metrics?(): readonly MetricSource[];
  /** All parts are open: goes on with what the last end of the server interrupted. */
  start?(): Promise<void> | void;
  /** Removes those of its objects that are over and old, and that no other part uses. Called each hour, and once after `start`. */
  collect?(time: CleanUpTime): Promise<Partial<Removed>>;
  /** Ends what runs, and keeps what is to be kept. */
  close?(): Promise<void>;
}
