export * from './connection-id.ts';
export * from './constants.ts';
export * from './copy-bytes.ts';
export * from './discover-packet.ts';
export * from './ecn.ts';
export * from './errors.ts';
export * from './float-zero.ts';
export * from './frames/ack.ts';
export * from './frames/ack-frequency.ts';
export {
  ARRIVAL_MODULUS_US,
  ArrivalRuns,
  MAX_ARRIVAL_RUNS,
} from './frames/arrival-runs.ts';
export * from './frames/close.ts';
export * from './frames/data.ts';
export * from './frames/decode-frames.ts';
export * from './frames/frame-type.ts';
export * from './frames/path-validation.ts';
export * from './frames/ping.ts';
export * from './frames/stream.ts';
export type { HandshakeParameters } from './generated/handshake.ts';
export {
  type BlockDigests,
  type BlockRequest,
  type ControlMessage,
  Direction,
  type EntryFailed,
  EntryKind,
  type EntryPlan,
  type EntryPlans,
  type EntryResult,
  type EntryResults,
  type HoleRun,
  type Login,
  type LoginResult,
  type ManifestBatch,
  type ManifestEnd,
  type ManifestEntry,
  type OpenTransfer,
  OverwriteMode as OverwriteModeNumber,
  type Permissions,
  type PublicKeyOffer,
  type RatePolicy as RatePolicyMessage,
  RatePolicyName as RatePolicyNumber,
  type ReceiveLimit,
  ReceiverActivity,
  type ReceiverProgress,
  type Receiving,
  type SenderProgress,
  type ServerIdentity,
  SkipRule as SkipRuleNumber,
  type SourceProblem,
  type TransferAccepted,
  type TransferComplete,
  type TransferFailed,
  TransferLimiter,
  type TransferMessage,
} from './generated/session.ts';
export * from './handshake-packet.ts';
export {
  ChunkUse,
  MAX_AEADS,
  MAX_CHECKPOINT_INTERVAL_MS,
  MAX_HAVE_NUMBERS,
  MAX_KEY_BYTES,
  MAX_LOGIN_KEYS,
  MAX_PASSWORD_BYTES,
  MAX_PLANS,
  MAX_TEXT_LENGTH,
  MAX_TOKEN_BYTES,
  MAX_USER_NAME_BYTES,
  MIN_CHECKPOINT_INTERVAL_MS,
  TRANSFER_ID_BYTES,
} from './message-rules.ts';
export * from './message-stream.ts';
export * from './messages.ts';
export * from './packet-aead.ts';
export * from './protected-packet.ts';
export * from './source-network.ts';
export * from './varint.ts';
