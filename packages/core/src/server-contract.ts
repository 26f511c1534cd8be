/** What a server is given, and what it is; a part of `contract.ts`. */
import type { BandwidthLimitOptions, PathStore, RateLimitOptions, TransferSummary } from './contract.ts';

/** The HTTPS API by which a server is driven. */
export interface ApiOptions {
  /** TCP; default 8886; 0 picks a free one. */
  port?: number;
  /** Default: all addresses. */
  host?: string;
  /** false: only programs on this machine may use it. Default true. */
  allowRemoteControl?: boolean;
  /**
   * PEM files, both or none; read again when they change. Default: a certificate of its own, made at the first start in the state
   * directory.
   */
  certificateFile?: string;
  keyFile?: string;
}

export interface ThirdPartyLicense {
  name: string;
  version: string;
  /** SPDX identifier. */
  license: string;
}

export interface ServerOptions {
  /** false: no API. Default: as ApiOptions says. */
  api?: ApiOptions | false;
  /** What the API tells of libraries in use. Default: nothing. */
  thirdPartyLicenses?: () => Promise<readonly ThirdPartyLicense[]>;
  /** UDP; default 8886; 0 picks a free one. Several, up to 16, are alike, and share all else. */
  port?: number | readonly number[];
  /** Default: all addresses. */
  host?: string;
  /** May hold %u %d %f %%. Default: none, the system's root. */
  sandboxDirectory?: string;
  /** Host key, authorized_keys. Default /var/lib/jetstream/state for root, XDG state directory otherwise. */
  stateDirectory?: string;
  /** Accounts that may become superusers. Default: none beside the one that runs the server, which always may. */
  superusers?: readonly string[];
  /** Groups whose members may. Default: `sudo`, `wheel` or `admin`, the first that the system has. */
  supergroups?: readonly string[];
  congestion?: 'bbr' | 'cubic';
  /** Of what this server sends. Default: none. */
  rateLimits?: RateLimitOptions;
  /** Shared by all transfers. When given, they cannot be changed while the server runs. Default: those that were set through the API. */
  bandwidthLimits?: BandwidthLimitOptions;
  /**
   * false: destinations, and with them transfers, end with the server; what an earlier one has stored of them is removed. Default
   * true.
   */
  persistentDestinations?: boolean;
  /** As `persistentDestinations`, of transfers alone. */
  persistentTransfers?: boolean;
  /** Of the transfers that it sends by itself: how many at once, in all and to one destination. 1 to 32; default 16 and 8. */
  maxTransfers?: number;
  maxTransfersPerDestination?: number;
  /** false: nobody makes API tokens or comes in with one. Default true. */
  apiTokens?: boolean;
  /** As `apiTokens`, of shared links. */
  sharedTokens?: boolean;
  /** host or host:port by which others reach the server, for links that it gives out. Default: see docs/OPERATIONS.md. */
  externalAddress?: string;
  /**
   * Directory of programs that are run when something happens, each named for its event. Default: /var/lib/jetstream/triggers for root,
   * `triggers` in the configuration directory otherwise.
   */
  triggerDirectory?: string;
  /** Logs each run of a trigger, and what it said. Default false. */
  triggerLog?: boolean;
  /** Where known paths are kept beyond the life of the server. Default: in its state. false: none are used or kept at all. */
  pathStore?: PathStore | false;
  /** Does without native functions on the network; the same as JETSTREAM_PORTABLE=1 for that. Default false. */
  portable?: boolean;
  /** Network threads that share the port, 1 to 16. Default: one for each two processors, at most 4. */
  lanes?: number;
  logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** `await Server.start(options)` gives one of these. */
export interface RunningServer extends AsyncDisposable {
  /** The first UDP port. */
  readonly port: number;
  /** All of them. */
  readonly ports: readonly number[];
  /** TCP port of the API; undefined: there is none. */
  readonly apiPort: number | undefined;
  /** 32 hex digits, new at each start. */
  readonly serverId: string;
  /** 32 hex digits, the same for the life of the state directory. */
  readonly serverUid: string;
  readonly hostKeyFingerprint: string;
  on(
    event: 'transfer',
    listener: (summary: {
      account: string;
      direction: 'upload' | 'download';
      summary: TransferSummary;
    }) => void,
  ): this;
  /** Takes no new connections, lets transfers of clients end (until the deadline, default 30 s), then closes. Those with servers go on later. */
  drain(deadlineMs?: number): Promise<void>;
  /** Closes at once. */
  close(): Promise<void>;
  /** Resolves when it has closed, also because somebody asked for that through the API. */
  readonly closed: Promise<void>;
}
