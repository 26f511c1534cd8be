/** The public face of `@jetstream/core`. */
import type { ErrorCode, JetStreamError } from '@jetstream/protocol';
import type { OverwriteMode, SkipRule } from '@jetstream/storage';

export type { OverwriteMode, SkipRule } from '@jetstream/storage';
export type * from './server-contract.ts';

export interface FileOutcome {
  /** Path at the source as given by the mapping, and under the receiver's root. */
  source: string;
  target: string;
  bytes: number;
  /** Hex BLAKE3 as PROTOCOL.md §4.3 defines it; undefined for a directory, a failure, or a file that was skipped unread. */
  digest?: string;
  /** It was there already, and nothing of it was sent. */
  skipped?: boolean;
  error?: { code: ErrorCode; message: string };
}

/** What can hold a transfer, in words; the sender measures it. */
export type LimiterName =
  | 'network'
  | 'rate cap'
  | "receiver's disk"
  | "peer's window"
  | "sender's disk"
  | 'CPU';

/** From the meekest to the strongest; docs/CONGESTION.md says what each does. */
export type RatePolicyName = 'low' | 'fair' | 'high' | 'fixed';

/** How fast to send. Rates are bits per second of UDP payload, 8,000 to 8 × 10^12. */
export interface RatePolicyOptions {
  /** Default 'fair'. */
  policy?: RatePolicyName;
  /** The rate of 'fixed', which needs one; the others have none. */
  targetBitsPerSecond?: number;
  /** A rate that congestion control does not go below, short of a collapse. 'fixed' has none. Default none. */
  minimumBitsPerSecond?: number;
  /** A rate never to exceed. Default none. */
  capBitsPerSecond?: number;
}

/** What a server lets clients ask for, in what it sends to them. */
export interface RateLimitOptions {
  /** A stronger policy becomes this one; a minimum is heeded only when this is 'fixed'. Default 'fixed'. */
  strongestPolicy?: RatePolicyName;
  /** The most that one connection is sent, bits per second. Default none. */
  capBitsPerSecond?: number;
}

/** What went over the network for a transfer so far; of a connection that several share, its part. Bytes are of UDP payload. */
export interface TransferTraffic {
  bytesSent: number;
  bytesReceived: number;
  packetsSent: number;
  packetsReceived: number;
  /** Bytes of content, sent for the first time, and again. */
  contentBytesSent: number;
  contentBytesResent: number;
}

/** Of all that a server receives and of all that it sends: bits per second of UDP payload, 8,000 to 8 × 10^12. */
export interface BandwidthLimitOptions {
  /** Default none. */
  incomingBitsPerSecond?: number;
  /** Default none. */
  outgoingBitsPerSecond?: number;
  /** Sending may use what receiving leaves idle, where both have a limit. Default false. */
  borrowIncoming?: boolean;
  /** Receiving may use what sending leaves idle, where both have a limit. Default false. */
  borrowOutgoing?: boolean;
}

export interface TransferProgress {
  /** 'reconnecting': the link is lost, and `waitsFor` says since when and until when it is ridden out; then counts begin anew. */
  state: 'connecting' | 'transferring' | 'reconnecting' | 'finishing' | 'complete' | 'error' | 'cancelled';
  /** What the transfer waits for, in words, e.g. "receiver's disk". */
  waitsFor: string;
  /** What held it for the largest part of the last second; undefined: nothing is known. */
  limiter: LimiterName | undefined;
  /** False while the manifest is still being built: totals grow. */
  totalsFinal: boolean;
  totalBytes: number;
  totalFiles: number;
  /** Acknowledged by the receiver, and durable there. */
  ackedBytes: number;
  durableBytes: number;
  /** Part of `ackedBytes` that was there already and was not sent. */
  presentBytes: number;
  filesDone: number;
  filesFailed: number;
  /** Bits per second of acknowledged content, smoothed over about two seconds. */
  rateBitsPerSecond: number;
  etaSeconds: number | undefined;
  /** What the sender keeps to; undefined while a server was not asked, or has not answered. */
  ratePolicy: RatePolicyOptions | undefined;
  rttMs: number;
  /** Share of sent packets that were lost, 0…1, so far. */
  lossShare: number;
  traffic: Readonly<TransferTraffic>;
  elapsedMs: number;
  /** File that was begun last. */
  currentFile: string | undefined;
}

export interface TransferSummary {
  files: number;
  /** Of `files`, those that were there already. */
  skippedFiles: number;
  directories: number;
  bytes: number;
  /** Of `bytes`, what was there already and was not sent; after a lost link only about, for who receives may have had more than was known here. */
  presentBytes: number;
  failed: number;
  elapsedMs: number;
  failures: FileOutcome[];
}

/** A running transfer: await `done`, or iterate progress, or listen. */
export interface Transfer extends AsyncIterable<TransferProgress> {
  readonly progress: TransferProgress;
  /** Resolves when the transfer is over, also with failed files; rejects with JetStreamError when it could not run to its end. */
  readonly done: Promise<TransferSummary>;
  on(event: 'progress', listener: (progress: TransferProgress) => void): this;
  /** After a lost link, files that were done before are told again, as skipped; a failure is told once. */
  on(event: 'file', listener: (file: FileOutcome) => void): this;
  /** What a person may want to know of how it goes, in a line of words, e.g. that the link was lost. */
  on(event: 'note', listener: (note: string) => void): this;
  /**
   * Changes how fast the content is sent, while it runs. All transfers of a session that go the same way share one policy.
   * @returns what the sender keeps to from now on: a server may limit what it is asked for
   * @throws JetStreamError `invalid-argument` for a policy that cannot be, or why the session ended
   */
  setRatePolicy(options: RatePolicyOptions): Promise<RatePolicyOptions>;
  cancel(): void;
}

/** A path as a connection left it: a hint to how fast the next one over it may begin (Careful Resume), and no more than that. */
export interface KnownPath {
  /** Of the peer: an IPv4 address, or the first four groups of an IPv6 address. */
  network: string;
  /** Own address that leads there; left out by servers. */
  localAddress?: string;
  /** Least round trip. Above 0. */
  minRttUs: number;
  /** Delivered over some round trips on end. Above 0. */
  rateBytesPerSecond: number;
  /** Unix time. */
  seenAtMs: number;
}

/** Keeps paths beyond the process. Need not check them: what is no path, or older than two days, is not used. */
export interface PathStore {
  /** All that is kept. A rejection is logged, and nothing is known then. */
  load(): Promise<readonly KnownPath[]>;
  /** Called at the end of connections that have learnt something. A rejection is logged. */
  save(path: KnownPath): Promise<void>;
}

export interface ClientOptions {
  host: string;
  /** Default 8886. */
  port?: number;
  /** Default: name of the user that runs the process. */
  user?: string;
  /** OpenSSH private key file; default: own identity, then ssh-agent, then ~/.ssh/id_ed25519. */
  identityFile?: string;
  /** Of the user at the server, 1 to 1,024 bytes of UTF-8: tried when no key lets in. */
  password?: string;
  /** false, with a password: keys are not tried first. Default true. */
  offerKeys?: boolean;
  /** Made by the server, at most 256 bytes: logs in instead of keys and password, and says whose it is when no user is given. */
  token?: string;
  /** When the token has one. */
  tokenPassword?: string;
  /** Directory of identity and known_hosts. Default: JETSTREAM_CONFIG_DIR, else XDG config directory + /jetstream. */
  configDirectory?: string;
  knownHostsFile?: string;
  /**
   * What to do with a host that is not in known_hosts: 'accept-new' remembers it, 'refuse' fails, a function is asked.
   * Default 'refuse'. A changed key is always refused.
   */
  unknownHost?: 'accept-new' | 'refuse' | ((host: { name: string; fingerprint: string }) => Promise<boolean>);
  /** Default 10,000. */
  connectTimeoutMs?: number;
  /**
   * How long a lost link is ridden out, from when the server was last heard: by connecting again and going on with what is under
   * way. Default 600,000; 0: not at all; at most 2,147,483,647. A first connection is made within `connectTimeoutMs` or not at all.
   */
  reconnectTimeoutMs?: number;
  /**
   * Where downloads record what is durable of half files, to go on with them after an interruption.
   * Default: XDG state directory + /jetstream.
   */
  stateDirectory?: string;
  /** Local targets of a download that will be asked for at once: their records are opened while the server is looked for. */
  downloadTargets?: readonly string[];
  /** How fast to send, either way. A server keeps to it within its own limits. */
  ratePolicy?: RatePolicyOptions;
  /** Of what this side sends by the policies 'fair' and 'high'. Default 'bbr'. */
  congestion?: 'bbr' | 'cubic';
  /** Where known paths are kept. Default: `paths.json` in the configuration directory. false: none are used or kept. */
  pathStore?: PathStore | false;
  /** Does without native functions on the network; the same as JETSTREAM_PORTABLE=1 for that. Default false. */
  portable?: boolean;
  /**
   * false: `connect` resolves once the login is sent, so that the first transfer travels with it and a round trip is saved;
   * a refusal then fails the transfers and `loggedIn`. Default true.
   */
  awaitLogin?: boolean;
  signal?: AbortSignal;
}

export interface FileMapping {
  source: string;
  target: string;
}

/** How files are received: by the server of an upload, by this side of a download. */
export interface ReceivingOptions {
  /** What becomes of a file that stands at a target. Default 'partfile-always': the new one replaces it when it is whole. */
  overwrite?: OverwriteMode;
  /** Which files count as there already. Default 'by-status': size and mtime are equal. */
  skip?: SkipRule;
  /** Reads each file from the disk once more, and compares, before it gets its name. Default false. */
  readBack?: boolean;
  /** How often what is durable is noted, so that a broken copy goes on from it: 100 to 3,600,000; null: never. Default 5,000. */
  checkpointIntervalMs?: number | null;
}

/** What a copy is asked to be, either way. */
export interface CopyOptions extends ReceivingOptions {
  /** Prefix of every target path. */
  destinationPath?: string;
  /** Default 'follow'. */
  symlinks?: 'follow' | 'ignore';
  /** Compares the trees by digests and writes nothing: a file that differs fails with `content-differs` or `not-found`. Default false. */
  verify?: boolean;
  /** Keeps full modes, and owners and groups where that is allowed. Default false: mtime and the executable bit. */
  preserve?: boolean;
  /** As `setRatePolicy` at its beginning. Default: that of the session. */
  ratePolicy?: RatePolicyOptions;
  signal?: AbortSignal;
}

export interface UploadOptions extends CopyOptions {
  /** Local sources, each to a target path beneath the server's root. */
  mappings: readonly FileMapping[];
  /** 32 hexadecimal digits, by which the receiver knows this transfer however often it is sent. Default: none. */
  transferId?: string;
}

export interface DownloadOptions extends CopyOptions {
  /** Sources beneath the server's root, each to a local target path. */
  mappings: readonly FileMapping[];
  /** 32 hex digits by which the server of a shared link knows a download that comes again after an interruption. Default: none. */
  transferId?: string;
}

/** `await Client.connect(options)` gives one of these. */
export interface ClientSession extends AsyncDisposable {
  /** The account that the server gave; rejects with `login-refused`. Already settled unless `awaitLogin` was false. */
  readonly loggedIn: Promise<string>;
  upload(options: UploadOptions): Transfer;
  download(options: DownloadOptions): Transfer;
  close(): Promise<void>;
}

export type { JetStreamError };
