import type { ApiCaller, ApiHandlers } from '@jetstream/api';

/** One part of the service: what it answers, and its life. Each method may be left out. */
export interface ServicePart {
  readonly commands?: Partial<ApiHandlers>;
  /** Its fields of `getServerInfo`. */
  serverInfo?(caller: ApiCaller): object;
  /** All parts are open: goes on with what the last end of the server interrupted. */
  start?(): Promise<void> | void;
  /** Begins nothing new; resolves when what runs has ended. `close` may come before. */
  drain?(): Promise<void>;
  /** Ends what runs, and keeps what is to be kept. */
  close?(): Promise<void>;
}
