/** What of the API the service is written against. The structures themselves are in `@jetstream/api`. */
export interface ApiIdentity {
  account: string;
  token: string | null;
  tokenSession: string | null;
}

export interface ApiCaller extends ApiIdentity {
  superuser: boolean;
  wrangler: boolean;
  remoteAddress: string;
  isLocal: boolean;
}

export interface ApiEvent {
  _event: string;
  _timestamp: number;
  owner?: string | null;
  ownerToken?: string | null;
  [key: string]: unknown;
}

export interface ApiEvents {
  subscribe(listener: (event: ApiEvent) => void): () => void;
}

export type ApiHandlers = Record<
  string,
  (parameters: never, caller: ApiCaller, context: { signal: AbortSignal }) => unknown
>;
